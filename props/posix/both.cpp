#include "props/posix/both.h"

#include "props/posix/tree.h"

#include <cerrno>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

Roots roots;
int scenes_made = 0;

/// New directories have the same names on both sides.
std::string next_name() {
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  return std::string(test->test_suite_name()) + '.' + test->name() + '.' + std::to_string(++scenes_made);
}

/// Plays in a new directory and leaves it; the tree at the end is the last part of the account.
struct Played {
  std::string account;
  std::string failures;
};
Played play(Side side, const std::string& name, const Scenario& scenario) {
  const std::string path = (side == Side::mount ? roots.mount : roots.beside) + '/' + name;
  ::umask(0);
  if (::mkdir(path.c_str(), 0755) != 0 || ::chdir(path.c_str()) != 0) {
    return {"", "cannot make " + path + ": " + describe_result(-1, errno) + '\n'};
  }
  const int directory = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::umask(022);
  Scene scene(side);
  scenario(scene);
  Played played{scene.account() + "at the end:\n" + describe_tree(directory), scene.failures()};
  ::close(directory);
  ::umask(022);
  if (::chdir("/") != 0) played.failures += "cannot leave " + path + '\n';
  return played;
}

std::string first_difference(const std::string& mount, const std::string& beside) {
  std::istringstream a(mount);
  std::istringstream b(beside);
  std::string line_a;
  std::string line_b;
  std::string text;
  int shown = 0;
  while (shown < 10) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) break;
    if (more_a && more_b && line_a == line_b) continue;
    ++shown;
    text += "  mount:  " + (more_a ? line_a : "(nothing more)") +
            "\n  beside: " + (more_b ? line_b : "(nothing more)") + '\n';
    line_a.clear();
    line_b.clear();
  }
  return text;
}

}  // namespace

void set_roots(Roots given) { roots = std::move(given); }

std::string difference(const Scenario& scenario) {
  const std::string name = next_name();
  const Played mount = play(Side::mount, name, scenario);
  const Played beside = play(Side::beside, name, scenario);
  std::string text = mount.failures + beside.failures;
  if (mount.account != beside.account)
    text += "the accounts differ:\n" + first_difference(mount.account, beside.account);
  return text;
}

void both(const Scenario& scenario) {
  const std::string text = difference(scenario);
  EXPECT_TRUE(text.empty()) << text;
}

}  // namespace lockstep::posix

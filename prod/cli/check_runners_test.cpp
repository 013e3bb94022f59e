// The script that runs an application is asked, and what it says has file, line and column.
#include "prod/cli/check_runners.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

class CheckRunners : public testing::Test {
 protected:
  CheckRunners() {
    char name[] = "/tmp/lockstep-runners-XXXXXX";
    scripts_ = std::string(::mkdtemp(name)) + "/";
    ModuleConfiguration plain;
    plain.name = "plain";
    plain.commands[1] = "true";
    ModuleConfiguration named;
    named.name = "shop";
    named.runner = Runner{RunnerKind::service, "web@1", 5, 11};
    files_.modules = {plain, named};
  }
  ~CheckRunners() override { std::filesystem::remove_all(scripts_); }

  std::vector<std::string> problems(const std::string& script, Serving serving) {
    const std::string path = scripts_ + "service";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    MachineCheck check;
    check_runners(
        files_, [&](const std::string& module) { return module == "shop" ? serving : Serving::no; }, scripts_, check);
    EXPECT_TRUE(check.warnings.empty());
    return check.problems;
  }

  std::string scripts_;
  ConfigurationFiles files_;
};

TEST_F(CheckRunners, the_script_is_told_whether_this_server_serves) {
  const std::string echo = R"(echo "$1,$2,$3,$#"; echo; echo more >&2)";
  EXPECT_EQ(problems(echo, Serving::no),
            (std::vector<std::string>{"modules/shop.toml:5:11: look,web@1,idle,3", "modules/shop.toml:5:11: more"}));
  EXPECT_EQ(problems(echo, Serving::yes).at(0), "modules/shop.toml:5:11: look,web@1,serves,3");
  EXPECT_EQ(problems(echo, Serving::unknown).at(0), "modules/shop.toml:5:11: look,web@1,serves,3");
}

TEST_F(CheckRunners, silence_is_consent_from_who_succeeds_only) {
  EXPECT_EQ(problems("exit 0", Serving::yes), std::vector<std::string>{});
  const auto failed = problems("exit 1", Serving::yes);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_NE(failed[0].find("service \"web@1\" cannot be asked about within 20 s"), std::string::npos) << failed[0];
  std::filesystem::remove(scripts_ + "service");
  MachineCheck check;
  check_runners(
      files_, [](const std::string&) { return Serving::no; }, scripts_ + "nowhere/", check);
  EXPECT_EQ(check.problems.size(), 1U) << "a script that is not installed";
}

}  // namespace
}  // namespace lockstep::prod

// What a daemon leaves behind when it is killed, and when that is ended.
#include "prod/daemon/fencer.h"

#include "io/asio/event_loop.h"
#include "io/linux/application_processes.h"
#include "io/linux/lease_note.h"

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds enough{10'000};
constexpr Duration soon = lockstep::milliseconds(300);

bool comes(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + enough;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class FencerTest : public testing::Test {
 protected:
  FencerTest() {
    char name[] = "/tmp/lockstep-fencer-XXXXXX";
    place_ = ::mkdtemp(name);
    service_.lease_path = place_ + "/data.lease";
    service_.application = {"data", "s1", place_ + "/data", place_, {}};
    service_.application.note_path = place_ + "/data.application";
    std::filesystem::create_directory(service_.application.directory);
  }
  ~FencerTest() override {
    if (daemon_ > 0) {
      daemon_dies();
      // Until its fencer has done its work.
      EXPECT_TRUE(comes([&] { return noted() == io::LeaseNote::Content{}; }));
    }
    if (application_ > 0) ::kill(application_, SIGKILL);
    std::filesystem::remove_all(place_);
  }

  /// A process that answers for the module, and has started its application.
  void daemon_runs(Instant until, bool held = false) {
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    daemon_ = ::fork();
    if (daemon_ == 0) run_daemon(until, held, ready[1]);
    ::close(ready[1]);
    ASSERT_EQ(::read(ready[0], &application_, sizeof application_), static_cast<ssize_t>(sizeof application_));
    ::close(ready[0]);
  }

  void daemon_dies() {
    ::kill(daemon_, SIGKILL);
    ::waitpid(daemon_, nullptr, 0);
    daemon_ = 0;
  }

  [[noreturn]] void run_daemon(Instant until, bool held, int ready) const {
    io::LeaseNote lease(service_.lease_path);
    if (!start_fencer({service_}, [] {}).empty() || lease.lock(enough) != 0) ::_exit(1);
    if (!lease.write({::getpid(), until, held}).empty()) ::_exit(1);
    const std::string cookie = io::application_cookie("data", place_);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setenv(io::cookie_variable, cookie.c_str(), 1);
      ::execl("/bin/sleep", "sleep", "600", nullptr);
      ::_exit(1);
    }
    // Its environment is the program's from here on, which is how it is known.
    while (io::find_application_processes({cookie, {}, {}}).empty()) std::this_thread::sleep_for(milliseconds(1));
    if (::write(ready, &pid, sizeof pid) != static_cast<ssize_t>(sizeof pid)) ::_exit(1);
    if (lingers_) {
      std::thread([] {
        while (true) ::pause();
      }).detach();
      ::syscall(SYS_exit, 0);  // of this thread alone
    }
    while (true) ::pause();
  }

  [[nodiscard]] bool application_runs() const {
    return !io::find_application_processes({io::application_cookie("data", place_), {}, {}}).empty();
  }
  [[nodiscard]] io::LeaseNote::Content noted() const { return *io::LeaseNote(service_.lease_path).read(); }

  std::string place_;
  FencedService service_;
  bool lingers_ = false;  ///< the daemon has ended but for a thread, as one that hangs
  pid_t daemon_ = 0;
  pid_t application_ = 0;
};

TEST_F(FencerTest, what_a_daemon_leaves_is_ended_when_its_lease_is) {
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until));
  daemon_dies();
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
  EXPECT_GE(io::EventLoop::now(), until);
  EXPECT_TRUE(comes([&] { return noted() == io::LeaseNote::Content{}; }));
}

TEST_F(FencerTest, without_a_lease_it_is_ended_at_once) {
  ASSERT_NO_FATAL_FAILURE(daemon_runs(Instant{}));
  daemon_dies();
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
}

TEST_F(FencerTest, another_daemon_takes_it_over) {
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until));
  daemon_dies();
  io::LeaseNote lease(service_.lease_path);
  ASSERT_EQ(lease.lock(enough), 0);
  EXPECT_EQ(lease.read()->until, until);
  ASSERT_EQ(lease.write({::getpid(), until}), "");
  EXPECT_TRUE(comes([&] { return io::EventLoop::now() >= until + soon; }));
  EXPECT_TRUE(application_runs());
  EXPECT_EQ(noted().daemon, ::getpid());
}

TEST_F(FencerTest, a_daemon_that_is_about_to_take_it_over_is_waited_for) {
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until));
  daemon_dies();
  io::LeaseNote lease(service_.lease_path);
  ASSERT_EQ(lease.lock(enough), 0);
  EXPECT_TRUE(comes([&] { return io::EventLoop::now() >= until + soon; }));
  EXPECT_TRUE(application_runs());
  lease = io::LeaseNote(service_.lease_path);  // it fails before it has
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
}

TEST_F(FencerTest, what_is_given_up_is_left_alone) {
  ASSERT_NO_FATAL_FAILURE(daemon_runs(io::EventLoop::now() + soon));
  daemon_dies();
  io::LeaseNote lease(service_.lease_path);
  ASSERT_EQ(lease.lock(enough), 0);
  ASSERT_EQ(lease.write({}), "");
  lease = io::LeaseNote(service_.lease_path);
  std::this_thread::sleep_for(std::chrono::nanoseconds(2 * soon.ns));
  EXPECT_TRUE(application_runs());
}

TEST_F(FencerTest, the_service_of_a_daemon_that_lives_is_its_own) {
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until));
  EXPECT_TRUE(comes([&] { return io::EventLoop::now() >= until + soon; }));
  EXPECT_TRUE(application_runs());
}

TEST_F(FencerTest, what_a_daemon_has_found_and_does_not_come_to_serve_is_ended) {
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until, true));
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
  EXPECT_GE(io::EventLoop::now(), until);
  EXPECT_EQ(noted().daemon, daemon_);
}

TEST_F(FencerTest, a_daemon_that_does_not_come_to_its_end_is_not_waited_for) {
  lingers_ = true;
  const Instant until = io::EventLoop::now() + soon;
  ASSERT_NO_FATAL_FAILURE(daemon_runs(until));
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
  EXPECT_GE(io::EventLoop::now(), until);
  EXPECT_EQ(::kill(daemon_, 0), 0);
}

TEST_F(FencerTest, a_note_that_was_taken_away_counts_on) {
  service_.lease_path = place_ + "/run/data.lease";
  std::filesystem::create_directory(place_ + "/run");
  ASSERT_NO_FATAL_FAILURE(daemon_runs(io::EventLoop::now() + soon));
  std::this_thread::sleep_for(milliseconds(50));  // several looks
  std::filesystem::remove_all(place_ + "/run");
  daemon_dies();
  EXPECT_TRUE(comes([&] { return !application_runs(); }));
}

TEST(LeaseNoteTest, what_was_written_is_read) {
  const std::string path = testing::TempDir() + "lockstep-" + std::to_string(::getpid()) + ".lease";
  io::LeaseNote note(path);
  EXPECT_EQ(note.read(), std::nullopt);
  ASSERT_EQ(note.lock(milliseconds(0)), 0);
  EXPECT_EQ(note.read(), std::nullopt);
  for (const io::LeaseNote::Content& each : {io::LeaseNote::Content{123'456, Instant{9'876'543'210'123}, true},
                                             io::LeaseNote::Content{7, Instant{1}}, io::LeaseNote::Content{}}) {
    ASSERT_EQ(note.write(each), "");
    EXPECT_EQ(io::LeaseNote(path).read(), each);
  }
  io::LeaseNote other(path);
  EXPECT_EQ(other.lock(milliseconds(20)), EWOULDBLOCK);
  std::filesystem::resize_file(path, 60);
  EXPECT_EQ(note.read(), std::nullopt);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lockstep::prod

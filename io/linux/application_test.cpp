// Phases as real shell commands with real processes.
#include "io/linux/application.h"

#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/application_processes.h"
#include "io/linux/asked_start.h"
#include "io/linux/descriptor_keeper.h"
#include "io/linux/named_processes.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() {
    char name[] = "/tmp/lockstep-application-XXXXXX";
    directory_ = ::mkdtemp(name);
    options_ = {"data", "s1", directory_ + "/data", directory_, {}};
    std::filesystem::create_directory(options_.directory);
  }
  ~ApplicationTest() override {
    static_cast<void>(ScriptApplication::end_leftovers(options_, [](Severity, const std::string&) {}));
    std::filesystem::remove_all(directory_);
  }

  void make() {
    application_ =
        std::make_unique<ScriptApplication>(loop_, queue_, options_, [this](Severity, const std::string& text) {
          const std::scoped_lock lock(mutex_);
          log_ += text + "\n";
        });
  }
  /// Runs the loop until `count` phases have ended, at most five seconds.
  std::vector<PhaseEnded> run_until(std::size_t count) {
    std::vector<PhaseEnded> ended;
    queue_.connect(
        [&](Instant, Event event) {
          ended.push_back(std::get<PhaseEnded>(event));
          if (ended.size() == count) done_ = true;
        },
        [] {});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    done_ = false;
    std::thread ticker([&] {
      while (!done_ && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      loop_.stop();
    });
    loop_.run();
    ticker.join();
    return ended;
  }
  ApplicationTraits traits() const { return {application_cookie("data", directory_), {}, options_.directory}; }
  std::string file(const std::string& name) const {
    std::ifstream stream(directory_ + "/" + name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string directory_;
  ScriptApplicationOptions options_;
  EventLoop loop_;
  EventQueue queue_{loop_};
  std::unique_ptr<ScriptApplication> application_;
  std::atomic<bool> done_{false};
  std::mutex mutex_;
  std::string log_;
};

TEST_F(ApplicationTest, a_phase_sees_its_environment) {
  options_.commands[1] = "echo $LOCKSTEP_MODULE $LOCKSTEP_NODE $LOCKSTEP_PHASE $LOCKSTEP_DIRECTORY $(umask) > " +
                         directory_ + "/out; ls /proc/self/fd | wc -l >> " + directory_ + "/out; echo hello";
  make();
  application_->run(Ticket{1}, Phase::start);
  const auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_TRUE(ended[0].succeeded) << ended[0].text;
  // Descriptors: 0, 1, 2 and the one that ls reads the directory with.
  EXPECT_EQ(file("out"), "data s1 start " + options_.directory + " 0022\n4\n");
  EXPECT_NE(log_.find("start: hello"), std::string::npos);
}

TEST_F(ApplicationTest, other_commands_count_from_the_next_phase_on) {
  options_.commands[2] = "sleep 5";
  options_.commands[4] = "echo old > " + directory_ + "/out";
  make();
  application_->run(Ticket{1}, Phase::stop);
  application_->set_commands({"", "", "", "", "echo new > " + directory_ + "/out"});
  application_->run(Ticket{2}, Phase::force_stop);
  ASSERT_EQ(run_until(1).size(), 1U);
  EXPECT_EQ(file("out"), "new\n");
}

TEST_F(ApplicationTest, a_phase_that_is_not_configured_succeeds) {
  make();
  application_->run(Ticket{1}, Phase::prestart);
  const auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_TRUE(ended[0].succeeded);
}

TEST_F(ApplicationTest, a_failure_tells_status_and_last_lines) {
  options_.commands[1] = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; echo no room >&2; exit 3";
  options_.commands[2] = "kill -KILL $$";
  make();
  application_->run(Ticket{1}, Phase::start);
  application_->run(Ticket{0}, Phase::kill);  // an end that is not wanted is not delivered
  auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].ticket, Ticket{0});
}

TEST_F(ApplicationTest, failure_texts) {
  options_.commands[1] = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; echo no room >&2; exit 3";
  make();
  application_->run(Ticket{1}, Phase::start);
  const auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].succeeded);
  EXPECT_EQ(ended[0].text.find("start ended with exit status 3:\nline 4\n"), 0U) << ended[0].text;
  EXPECT_NE(ended[0].text.find("no room"), std::string::npos);
}

TEST_F(ApplicationTest, death_by_signal_is_a_failure) {
  options_.commands[2] = "kill -TERM $$";
  make();
  application_->run(Ticket{1}, Phase::stop);
  const auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].succeeded);
  EXPECT_EQ(ended[0].text, "stop was killed by signal 15 and printed nothing");
}

TEST_F(ApplicationTest, a_daemonised_application_outlives_its_phase_and_is_killed_whole) {
  // One descendant in a session of its own, one that has also thrown its environment away, one child of the latter,
  // and one that only works in the directory.
  options_.commands[1] =
      "setsid sh -c 'sleep 1000 & exec sleep 1000' > /dev/null 2>&1 & "
      "env -i setsid sh -c 'cd " +
      options_.directory +
      "; sleep 1000 & exec sleep 1000' & "
      "sleep 0.1; exit 0";
  make();
  application_->run(Ticket{1}, Phase::start);
  auto ended = run_until(1);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_TRUE(ended[0].succeeded) << ended[0].text;
  ASSERT_TRUE(wait_for([&] { return find_application_processes(traits()).size() >= 4; }))
      << describe(find_application_processes(traits()));

  EventLoop other_loop;
  EventQueue other_queue(other_loop);
  ScriptApplication killer(other_loop, other_queue, options_, [](Severity, const std::string&) {});
  std::size_t events = 0;
  other_queue.connect(
      [&](Instant, Event event) {
        EXPECT_TRUE(std::get<PhaseEnded>(event).succeeded);
        ++events;
        other_loop.stop();
      },
      [] {});
  killer.run(Ticket{2}, Phase::kill);
  other_loop.run();
  EXPECT_EQ(events, 1U);
  EXPECT_TRUE(find_application_processes(traits()).empty()) << describe(find_application_processes(traits()));
}

TEST_F(ApplicationTest, leftovers_are_found_by_their_cookie_and_others_are_spared) {
  options_.commands[1] = "setsid sleep 1000 > /dev/null 2>&1 & exit 0";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_EQ(run_until(1).size(), 1U);
  application_.reset();  // the daemon goes, the application stays
  ASSERT_TRUE(wait_for([&] { return find_application_processes(traits()).size() == 1; }));
  ScriptApplicationOptions elsewhere = options_;
  elsewhere.module = "other";
  EXPECT_EQ(ScriptApplication::end_leftovers(elsewhere, [](Severity, const std::string&) {}), "");
  EXPECT_EQ(find_application_processes(traits()).size(), 1U);
  EXPECT_EQ(ScriptApplication::end_leftovers(options_, [](Severity, const std::string&) {}), "");
  EXPECT_TRUE(find_application_processes(traits()).empty());
}

/// A process as another program would start it: neither a child of a script's nor with its environment.
class Stranger {
 public:
  Stranger() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    if (const pid_t parent = ::fork(); parent == 0) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::setsid();
        ::execl("/bin/sleep", "sleep", "1000", nullptr);
        ::_exit(1);
      }
      ::_exit(::write(ends[1], &child, sizeof child) == sizeof child ? 0 : 1);
    }
    ::close(ends[1]);
    pid_t pid = 0;
    if (::read(ends[0], &pid, sizeof pid) == sizeof pid) known_.emplace(pid, find_process(pid)->start);
    ::close(ends[0]);
  }
  ~Stranger() {
    if (runs()) ::kill(pid(), SIGKILL);
  }
  [[nodiscard]] pid_t pid() const { return known_.begin()->first; }
  [[nodiscard]] bool runs() const { return any_runs(known_); }

 private:
  std::set<std::pair<pid_t, unsigned long long>> known_;
};

TEST_F(ApplicationTest, processes_that_the_start_names_belong_to_it) {
  const Stranger named;
  const Stranger other;
  options_.note_path = directory_ + "/data.application";
  options_.processes_path = directory_ + "/data.processes";
  std::ofstream(options_.processes_path) << other.pid() << "\n";  // of an earlier start
  options_.commands[1] = "test ! -e $LOCKSTEP_PROCESSES && echo '" + std::to_string(named.pid()) +
                         "\n4194305' > $LOCKSTEP_PROCESSES";  // and one that cannot be
  make();
  application_->run(Ticket{1}, Phase::start);
  std::thread killer([&] {
    EXPECT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
    EXPECT_FALSE(std::filesystem::exists(options_.processes_path)) << "a number may become somebody else's";
    EXPECT_TRUE(named.runs());
    loop_.post_from_any_thread([&] { application_->run(Ticket{2}, Phase::kill); });
  });
  const auto ended = run_until(2);
  killer.join();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_TRUE(ended[0].succeeded);
  EXPECT_FALSE(named.runs());
  EXPECT_TRUE(other.runs());
}

TEST_F(ApplicationTest, a_start_that_hangs_has_its_named_processes_killed) {
  const Stranger named;
  options_.processes_path = directory_ + "/data.processes";
  options_.commands[1] =
      "echo " + std::to_string(named.pid()) + " > $LOCKSTEP_PROCESSES; touch " + directory_ + "/out; sleep 1000";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_TRUE(wait_for([&] { return std::filesystem::exists(directory_ + "/out"); }));
  application_->run(Ticket{2}, Phase::kill);
  ASSERT_EQ(run_until(1).size(), 1U);
  EXPECT_FALSE(named.runs());
}

TEST_F(ApplicationTest, named_processes_do_not_outlive_a_daemon_that_does_not_come_back) {
  const Stranger named;
  options_.note_path = directory_ + "/data.application";
  options_.processes_path = directory_ + "/data.processes";
  options_.runner = "container web";
  options_.commands[1] = "echo " + std::to_string(named.pid()) + " > $LOCKSTEP_PROCESSES";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_EQ(run_until(1).size(), 1U);
  ASSERT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
  application_.reset();
  ScriptApplicationOptions later = options_;
  later.runner = "container other";
  EXPECT_FALSE(ScriptApplication::runs(later)) << "by a daemon that would stop another container";
  const auto quiet = [](Severity, const std::string&) {};
  EXPECT_EQ(ScriptApplication::end_leftovers(later, quiet), "");
  EXPECT_FALSE(named.runs());
  const Stranger half_started;  // the daemon died before the start had ended
  std::ofstream(options_.processes_path) << half_started.pid() << "\n";
  EXPECT_EQ(ScriptApplication::end_leftovers(options_, quiet), "");
  EXPECT_FALSE(half_started.runs());
}

TEST_F(ApplicationTest, a_number_that_somebody_else_has_by_now_is_nobodys) {
  options_.processes_path = directory_ + "/data.processes";
  const Stranger later;
  const auto write = [&](std::chrono::seconds age) {
    std::ofstream(options_.processes_path) << later.pid() << "\n";
    std::filesystem::last_write_time(options_.processes_path, std::filesystem::file_time_type::clock::now() - age);
  };
  write(std::chrono::seconds(10));  // before that process began
  EXPECT_TRUE(take_named_processes(options_.processes_path).empty());
  write(std::chrono::hours(24 * 365 * 30));  // by an earlier boot
  EXPECT_TRUE(take_named_processes(options_.processes_path).empty());
  EXPECT_FALSE(std::filesystem::exists(options_.processes_path)) << "it is not read again";
  write(std::chrono::seconds(0));
  EXPECT_EQ(take_named_processes(options_.processes_path).size(), 1U);
}

/// What another program is asked for by a start: it comes when the script that asked is killed already.
class LateStart : public ApplicationTest {
 protected:
  LateStart() {
    options_.processes_path = directory_ + "/data.processes";
    options_.asked_path = directory_ + "/data.asked";
    options_.take_back = "sh -c 'echo ${LOCKSTEP_COOKIE:-none} >>" + directory_ + "/taken; echo " +
                         std::to_string(late_.pid()) + " >" + options_.processes_path + "'";
    options_.commands[1] = "echo >" + directory_ + "/out; sleep 1000";
    options_.commands[2] = "true";
  }
  [[nodiscard]] bool asked() const { return std::filesystem::exists(options_.asked_path); }
  void begin() {
    make();
    application_->run(Ticket{1}, Phase::start);
    ASSERT_TRUE(wait_for([&] { return !file("out").empty(); }));
    EXPECT_TRUE(asked());
  }

  Stranger late_;
};

TEST_F(LateStart, is_taken_back_by_the_kill_and_what_came_of_it_is_ended) {
  begin();
  application_->run(Ticket{2}, Phase::kill);
  ASSERT_EQ(run_until(1).size(), 1U);
  EXPECT_EQ(file("taken"), "none\n") << "once, and not as a part of the application";
  EXPECT_FALSE(late_.runs());
  EXPECT_FALSE(asked());
}

TEST_F(LateStart, is_taken_back_by_a_later_daemon_as_it_was_asked) {
  begin();
  application_.reset();
  ScriptApplicationOptions later = options_;
  later.take_back = "false";
  EXPECT_EQ(ScriptApplication::end_leftovers(later, [](Severity, const std::string&) {}), "");
  EXPECT_EQ(file("taken"), "none\n");
  EXPECT_FALSE(late_.runs());
  EXPECT_FALSE(asked());
  EXPECT_EQ(ScriptApplication::end_leftovers(options_, [](Severity, const std::string&) {}), "");
  EXPECT_EQ(file("taken"), "none\n") << "only where a start was asked";
}

TEST_F(LateStart, does_not_come_after_a_stop) {
  options_.commands[1] = "true";
  options_.note_path = directory_ + "/data.application";
  make();
  application_->run(Ticket{1}, Phase::start);
  std::thread stopper([&] {
    EXPECT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
    EXPECT_TRUE(asked());
    loop_.post_from_any_thread([&] { application_->run(Ticket{2}, Phase::stop); });
  });
  EXPECT_EQ(run_until(2).size(), 2U);
  stopper.join();
  EXPECT_FALSE(asked());
}

TEST_F(LateStart, who_does_not_answer_delays_no_kill_of_what_is_known) {
  options_.take_back = "sleep 1000";
  begin();
  const auto began = std::chrono::steady_clock::now();
  application_->run(Ticket{2}, Phase::kill);
  std::thread watcher([&] {
    EXPECT_TRUE(wait_for([&] { return find_application_processes(traits()).empty(); }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, take_back_time_max / 2);
  });
  static_cast<void>(run_until(1));
  watcher.join();
  const auto said = [&] {
    const std::scoped_lock lock(mutex_);
    return log_;
  };
  EXPECT_TRUE(wait_for([&] { return !said().empty(); }));
  EXPECT_TRUE(asked()) << "whoever comes next tries again";
  EXPECT_NE(said().find("was not reached, and may start it yet: \"sleep 1000\""), std::string::npos) << said();
}

TEST_F(ApplicationTest, a_note_says_that_the_application_runs_until_it_is_told_anything) {
  options_.note_path = directory_ + "/data.application";
  options_.addresses = "10.0.0.1/24";
  options_.commands[1] = "sleep 1000 > /dev/null 2>&1 & exit 0";
  make();
  application_->run(Ticket{1}, Phase::prestart);
  application_->run(Ticket{2}, Phase::start);
  EXPECT_FALSE(ScriptApplication::runs(options_));
  ASSERT_EQ(run_until(2).size(), 2U);
  ASSERT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
  ScriptApplicationOptions other = options_;
  other.addresses = "10.0.0.2/24";
  EXPECT_FALSE(ScriptApplication::runs(other));
  other = options_;
  other.directory += "/elsewhere";
  EXPECT_FALSE(ScriptApplication::runs(other));
  application_->run(Ticket{3}, Phase::stop);
  EXPECT_FALSE(ScriptApplication::runs(options_)) << "before its end, and whatever comes of it";
}

TEST_F(ApplicationTest, a_start_that_fails_is_not_noted) {
  options_.note_path = directory_ + "/data.application";
  options_.commands[1] = "exit 1";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_EQ(run_until(1).size(), 1U);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(ScriptApplication::runs(options_));
}

TEST_F(ApplicationTest, an_application_that_has_ended_does_not_run_whatever_the_note_says) {
  options_.note_path = directory_ + "/data.application";
  options_.commands[1] = "sleep 1000 > /dev/null 2>&1 & echo $! > " + directory_ + "/pid";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_EQ(run_until(1).size(), 1U);
  ASSERT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
  ::kill(std::stoi(file("pid")), SIGKILL);
  EXPECT_TRUE(wait_for([&] { return !ScriptApplication::runs(options_); }));
}

TEST_F(ApplicationTest, a_later_daemon_hears_and_ends_what_an_earlier_one_has_started) {
  class Keeper final : public linux_io::DescriptorKeeper {
   public:
    ~Keeper() override { drop("output"); }
    bool keep(const std::string& /*name*/, int fd) override { return (kept = ::dup(fd)) >= 0; }
    void drop(const std::string& /*name*/) override {
      if (kept >= 0) ::close(std::exchange(kept, -1));
    }
    int kept = -1;
  } keeper;
  options_.note_path = directory_ + "/data.application";
  options_.keeper = &keeper;
  options_.output_name = "output";
  // Nothing but its group says whose it is.
  options_.commands[1] = "env -i sh -c 'while sleep 0.02; do echo tick; done' & exit 0";
  make();
  application_->run(Ticket{1}, Phase::start);
  ASSERT_EQ(run_until(1).size(), 1U);
  ASSERT_TRUE(wait_for([&] { return ScriptApplication::runs(options_); }));
  ASSERT_GE(keeper.kept, 0);
  application_.reset();
  ASSERT_TRUE(find_application_processes(traits()).empty());

  EventLoop later_loop;
  EventQueue later_queue(later_loop);
  std::string heard;
  ScriptApplication later(later_loop, later_queue, options_, [&](Severity, const std::string& text) { heard += text; });
  later.take_up(::dup(keeper.kept));
  EXPECT_FALSE(find_application_processes(later.traits()).empty());
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    later_loop.post_from_any_thread([&] { later.run(Ticket{2}, Phase::kill); });
  });
  later_queue.connect([&](Instant, Event) { later_loop.stop(); }, [] {});
  later_loop.run();
  killer.join();
  EXPECT_NE(heard.find("start: tick"), std::string::npos) << heard;
  EXPECT_FALSE(ScriptApplication::runs(options_));
  EXPECT_TRUE(find_application_processes(later.traits()).empty());
}

}  // namespace
}  // namespace lockstep::io

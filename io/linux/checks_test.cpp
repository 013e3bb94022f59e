// Checks that look at real processes, sockets, commands and interfaces.
#include "io/linux/checks.h"

#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/application.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds soon{3000};
constexpr milliseconds never{300};

/// A server on 127.0.0.1 that answers each connection with a fixed text, or with nothing.
class Listener {
 public:
  explicit Listener(std::string answer) : answer_(std::move(answer)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    if (!answer_.empty()) thread_ = std::thread([this] { serve(); });
  }
  ~Listener() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() {
    int connection = -1;
    while ((connection = ::accept(socket_, nullptr, nullptr)) >= 0) {
      char request[1024];
      const bool http = answer_.rfind("HTTP", 0) == 0;
      if (http) static_cast<void>(::recv(connection, request, sizeof request, 0));
      static_cast<void>(::send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL));
      ::close(connection);
    }
  }

  const std::string answer_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class ChecksTest : public testing::Test {
 protected:
  ChecksTest() {
    char name[] = "/tmp/lockstep-checks-XXXXXX";
    directory_ = ::mkdtemp(name);
    application_options_ = {"data", "s1", directory_ + "/data", directory_, {}};
    std::filesystem::create_directory(application_options_.directory);
    queue_.connect(
        [this](Instant, Event event) {
          const std::scoped_lock lock(mutex_);
          events_.push_back(std::move(event));
          came_.notify_all();
        },
        [] {});
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ChecksTest() override {
    on_loop([this] {
      checks_.reset();
      application_.reset();
    });
    loop_.stop();
    thread_.join();
    queue_.disconnect();
    static_cast<void>(ScriptApplication::end_leftovers(application_options_, quiet));
    std::filesystem::remove_all(directory_);
  }

  static void quiet(Severity, const std::string&) {}

  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    loop_.post_from_any_thread([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  void make(CheckKind kind) {
    LinuxChecksOptions options;
    options.kinds.push_back(std::move(kind));
    options.names.emplace_back("only");
    options.surroundings.environment = {{"LOCKSTEP_MODULE", "data"}};
    options.surroundings.traits = [this] { return application_->traits(); };
    options.surroundings.other_module = [](const std::string& module) { return Finding{module == "db", module}; };
    on_loop([&] {
      checks_ = std::make_unique<LinuxChecks>(loop_, queue_, options);
      checks_->begin(0);
    });
  }

  /// Waits for an event of this kind, and takes it.
  template <typename Wanted>
  std::optional<Wanted> wait(milliseconds longest) {
    const auto deadline = std::chrono::steady_clock::now() + longest;
    std::unique_lock lock(mutex_);
    while (true) {
      const auto found = std::find_if(events_.begin(), events_.end(),
                                      [](const Event& event) { return std::holds_alternative<Wanted>(event); });
      if (found != events_.end()) {
        const Wanted wanted = std::get<Wanted>(*found);
        events_.erase(found);
        return wanted;
      }
      if (came_.wait_until(lock, deadline) == std::cv_status::timeout) return std::nullopt;
    }
  }

  std::optional<CheckEnded> look(milliseconds longest = soon) {
    on_loop([this] { checks_->run(Ticket(++last_), 0); });
    auto ended = wait<CheckEnded>(longest);
    if (ended) {
      EXPECT_EQ(ended->ticket, Ticket(last_));
    }
    return ended;
  }
  void expect_found(bool passed, const std::string& text) {
    const auto ended = look();
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->passed, passed) << ended->text;
    EXPECT_NE(ended->text.find(text), std::string::npos) << ended->text;
  }

  /// What a start script leaves running: "sleep", no longer the shell that becomes it, with its number in a file.
  pid_t start_application() {
    application_options_.commands[static_cast<std::size_t>(Phase::start)] =
        "sleep 300 & echo $! >" + directory_ + "/pid; until [ $(cat /proc/$!/comm) = sleep ]; do :; done";
    on_loop([this] {
      application_ = std::make_unique<ScriptApplication>(loop_, queue_, application_options_, quiet);
      application_->run(Ticket(1), Phase::start);
    });
    EXPECT_TRUE(wait<PhaseEnded>(soon).has_value());
    pid_t pid = 0;
    std::ifstream(directory_ + "/pid") >> pid;
    return pid;
  }

  std::string directory_;
  ScriptApplicationOptions application_options_;
  EventLoop loop_;
  EventQueue queue_{loop_};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Event> events_;  ///< under the mutex
  std::unique_ptr<ScriptApplication> application_;
  std::unique_ptr<LinuxChecks> checks_;
  std::uint64_t last_ = 0;
};

TEST_F(ChecksTest, the_end_of_the_main_process_is_noticed_at_once) {
  const pid_t pid = start_application();
  make(ProcessCheck{});
  expect_found(true, "sleep");
  expect_found(true, std::to_string(pid));
  ::kill(pid, SIGKILL);
  const auto prompted = wait<CheckPrompted>(soon);
  ASSERT_TRUE(prompted.has_value());
  EXPECT_EQ(prompted->check, 0U);
  expect_found(false, "has ended");
}

TEST_F(ChecksTest, another_process_is_not_taken_for_the_main_one_before_the_next_start) {
  const pid_t first = start_application();
  make(ProcessCheck{"sleep", ""});
  expect_found(true, std::to_string(first));
  ::kill(first, SIGKILL);
  const pid_t second = start_application();
  expect_found(false, "has ended");
  on_loop([this] { checks_->begin(0); });
  expect_found(true, std::to_string(second));
}

TEST_F(ChecksTest, a_process_of_another_name_does_not_count) {
  start_application();
  make(ProcessCheck{"postgres", ""});
  expect_found(false, "no process postgres");
}

TEST_F(ChecksTest, a_file_names_the_process) {
  const pid_t pid = start_application();
  make(ProcessCheck{"", directory_ + "/pid"});
  expect_found(true, std::to_string(pid));
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(wait<CheckPrompted>(soon).has_value());
  expect_found(false, "process");
  const pid_t next = start_application();
  expect_found(true, std::to_string(next));
  std::filesystem::remove(directory_ + "/pid");
  expect_found(true, std::to_string(next));
  on_loop([this] { checks_->begin(0); });
  expect_found(false, "No such file");
}

TEST_F(ChecksTest, tcp_connects_and_listens) {
  const Listener speaks("+OK ready\r\n");
  make(TcpCheck{"127.0.0.1", speaks.port(), "", "ready"});
  expect_found(true, "answers");
  make(TcpCheck{"127.0.0.1", speaks.port(), "hello\n", "nothing of the kind"});
  expect_found(false, "does not answer with");
  make(TcpCheck{"127.0.0.1", speaks.port(), "", ""});
  expect_found(true, "accepts");
}

TEST_F(ChecksTest, who_only_accepts_has_not_answered) {
  const Listener silent("");
  make(TcpCheck{"127.0.0.1", silent.port(), "", "ready"});
  EXPECT_FALSE(look(never).has_value());
  // What is given up does not come later, and the next look is a fresh one.
  EXPECT_FALSE(look(never).has_value());
  make(TcpCheck{"127.0.0.1", silent.port(), "", ""});
  expect_found(true, "accepts");
}

TEST_F(ChecksTest, a_closed_port_is_refused) {
  std::uint16_t port = 0;
  {
    const Listener gone("");
    port = gone.port();
  }
  make(TcpCheck{"127.0.0.1", port, "", ""});
  expect_found(false, "refused");
}

TEST_F(ChecksTest, http_is_judged_by_its_status) {
  const Listener well("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  make(HttpCheck{"127.0.0.1", well.port(), "", "/health", 200});
  expect_found(true, "200");
  make(HttpCheck{"127.0.0.1", well.port(), "", "/health", 204});
  expect_found(false, "200 instead of 204");
  const Listener ill("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  make(HttpCheck{"127.0.0.1", ill.port(), "", "/", 200});
  expect_found(false, "503 instead of 200");
  const Listener other("SSH-2.0-OpenSSH\r\n");
  make(HttpCheck{"127.0.0.1", other.port(), "", "/", 200});
  expect_found(false, "GET http://127.0.0.1");
}

TEST_F(ChecksTest, a_command_is_judged_by_its_exit_status) {
  make(ScriptCheck{"echo one; echo all well"});
  expect_found(true, "all well");
  make(ScriptCheck{"echo $LOCKSTEP_MODULE/$LOCKSTEP_CHECK; exit 3"});
  expect_found(false, "exit status 3, data/only");
}

TEST_F(ChecksTest, a_command_that_hangs_is_ended_with_all_that_it_started) {
  make(ScriptCheck{"sleep 300 & echo $! >" + directory_ + "/child; sleep 300"});
  EXPECT_FALSE(look(never).has_value());
  pid_t child = 0;
  std::ifstream(directory_ + "/child") >> child;
  ASSERT_GT(child, 0);
  on_loop([this] { checks_->end(0); });
  bool gone = false;
  for (int i = 0; i < 300 && !gone; ++i) {
    gone = ::kill(child, 0) != 0;
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_TRUE(gone);
}

TEST_F(ChecksTest, the_machine_s_own_interfaces_addresses_and_space) {
  make(InterfaceCheck{"lo"});
  expect_found(true, "lo is up");
  make(InterfaceCheck{"nosuch0"});
  expect_found(false, "No such device");
  make(AddressCheck{"127.0.0.1"});
  expect_found(true, "on lo");
  make(AddressCheck{"192.0.2.77"});
  expect_found(false, "no interface");
  make(DiskSpaceCheck{directory_, 1});
  expect_found(true, "free in");
  make(DiskSpaceCheck{directory_, std::uint64_t{1} << 60U});
  expect_found(false, "wanted");
  make(DiskSpaceCheck{directory_ + "/nowhere", 1});
  expect_found(false, "No such file");
}

TEST_F(ChecksTest, this_machine_answers_a_ping) {
  make(PingCheck{"127.0.0.1"});
  expect_found(true, "answers");
  make(PingCheck{"::1"});
  const auto ended = look(never);
  EXPECT_TRUE(!ended || ended->passed || ended->text.find("::1") == 0) << ended->text;  // where there is no IPv6
  make(PingCheck{"192.0.2.77"});  // set aside for documentation: nobody has it
  const auto nobody = look(never);
  EXPECT_TRUE(!nobody || !nobody->passed);
}

TEST_F(ChecksTest, another_module_is_asked) {
  make(ModuleCheck{"db"});
  expect_found(true, "db");
  make(ModuleCheck{"web"});
  expect_found(false, "web");
}

}  // namespace
}  // namespace lockstep::io

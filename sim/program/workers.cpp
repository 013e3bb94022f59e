#include "sim/program/workers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lockstep::sim {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

bool send_all(int socket, const void* bytes, std::size_t size) {
  const auto* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    from += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// A worker's own life: a number in, a line out, until nobody hands out numbers any more.
[[noreturn]] void serve(int socket, const Work& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::uint64_t number = 0;
  while (recv(socket, &number, sizeof number, MSG_WAITALL) == static_cast<ssize_t>(sizeof number)) {
    const std::string line = work.job(number) + "\n";
    if (!send_all(socket, line.data(), line.size())) break;
  }
  std::_Exit(0);
}

class Worker {
 public:
  Worker(const Work& work, const std::vector<std::unique_ptr<Worker>>& others) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
      close(ends[0]);
      // With a copy of another's end held open here, that one would never see that its numbers have ended.
      for (const auto& each : others) {
        if (each) close(each->socket_);
      }
      serve(ends[1], work);
    }
    close(ends[1]);
    socket_ = ends[0];
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (socket_ >= 0) close(socket_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Clock::time_point since() const { return since_; }

  void hand(std::uint64_t number) {
    number_ = number;
    since_ = Clock::now();
    send_all(socket_, &number, sizeof number);  // where it fails, the end of the process is seen on reading
  }

  /// What has come; the result once its line is complete. `ended`: the process is gone.
  std::optional<std::string> receive(bool& ended) {
    std::array<char, 65'536> buffer;
    const ssize_t received = recv(socket_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) return std::nullopt;
    ended = received <= 0;
    if (ended) return std::nullopt;
    line_.append(buffer.data(), static_cast<std::size_t>(received));
    if (line_.back() != '\n') return std::nullopt;
    line_.pop_back();
    return std::exchange(line_, {});
  }

  /// How the process ended, in words.
  std::string how_it_ended() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFSIGNALED(status)) return std::string("the program was ended by a signal: ") + strsignal(WTERMSIG(status));
    return "the program ended by itself with status " + std::to_string(WEXITSTATUS(status));
  }
  void kill_process() const { kill(pid_, SIGKILL); }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
  std::uint64_t number_ = 0;
  Clock::time_point since_;
  std::string line_;
};

class Pool {
 public:
  Pool(const Work& work, const WorkLimits& limits) : work_(work), limits_(limits), workers_(limits.processes) {}

  void run() {
    for (auto& worker : workers_) go_on(worker);
    while (std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker != nullptr; })) {
      wait();
    }
  }

 private:
  using Slot = std::unique_ptr<Worker>;

  /// Hands this slot its next number, or lets its process end.
  void go_on(Slot& slot) {
    const std::optional<std::uint64_t> number = work_.next();
    if (!number) {
      slot.reset();
      return;
    }
    if (!slot) slot = std::make_unique<Worker>(work_, workers_);
    slot->hand(*number);
  }

  [[nodiscard]] int wait_ms() const {
    if (limits_.number_max.count() == 0) return -1;
    Clock::time_point first = Clock::time_point::max();
    for (const Slot& slot : workers_) {
      if (slot) first = std::min(first, slot->since() + limits_.number_max);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
  }

  void wait() {
    std::vector<pollfd> polled;
    for (const Slot& slot : workers_) polled.push_back({slot ? slot->socket() : -1, POLLIN, 0});
    if (poll(polled.data(), polled.size(), wait_ms()) < 0 && errno != EINTR) fail("poll");
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Slot& slot = workers_[i];
      if (!slot) continue;
      if (polled[i].revents != 0) {
        receive(slot);
      } else if (limits_.number_max.count() != 0 && Clock::now() - slot->since() >= limits_.number_max) {
        hung(slot);
      }
    }
  }

  void receive(Slot& slot) {
    bool ended = false;
    const std::optional<std::string> result = slot->receive(ended);
    const std::uint64_t number = slot->number();
    if (ended) {
      const std::string how = slot->how_it_ended();
      slot.reset();
      work_.finished({number, Outcome::Kind::crashed, how});
    } else if (result) {
      work_.finished({number, Outcome::Kind::finished, *result});
    } else {
      return;
    }
    go_on(slot);
  }

  void hung(Slot& slot) {
    const std::uint64_t number = slot->number();
    slot->kill_process();
    slot.reset();
    work_.finished({number, Outcome::Kind::hung,
                    "no result within " + std::to_string(limits_.number_max.count()) + " s of real time"});
    go_on(slot);
  }

  const Work& work_;
  const WorkLimits limits_;
  std::vector<Slot> workers_;
};

}  // namespace

void work_off(const Work& work, const WorkLimits& limits) { Pool(work, limits).run(); }

}  // namespace lockstep::sim

#include "prod/daemon/fencer.h"

#include "io/asio/event_loop.h"
#include "io/linux/addressed_application.h"
#include "io/linux/application_processes.h"
#include "io/linux/guard.h"
#include "io/linux/lease_note.h"
#include "prod/common/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace lockstep::prod {

namespace {

using std::chrono::milliseconds;

/// Short beside the time in which another server takes over, and long beside a look at the note.
constexpr milliseconds look_interval{10};
/// At a daemon without a lease, which has nothing to be ended unless it is just dying.
constexpr milliseconds idle_interval{250};
constexpr milliseconds longest_wait{1000};
/// Where something could not be ended.
constexpr milliseconds retry_interval{2000};
/// Where the lease had run out long before, nothing was served, and there is nothing to tell.
constexpr Duration recently = lockstep::milliseconds(5'000);

/// Whether it has, within that time; a negative time is none.
bool has_ended(const linux_io::Descriptor& process, milliseconds within) {
  pollfd ended{process.fd(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(within.count())) == 1;
}

/// Whether nothing is left. Acts first, and tells then: a log may hang on a machine in trouble.
bool fence(const FencedService& service, bool tell, const io::Report& report) {
  const bool no_address = linux_io::remove_addresses(service.addresses, report);
  // Before the processes: one that waits for an answer of the daemon cannot end before it has one.
  linux_io::Guard guard(service.application.directory);
  const std::string covered = guard.end_mount(service.application.module);
  const std::string running = io::ScriptApplication::end_leftovers(service.application, report);
  for (const std::string& error : {covered, running}) {
    if (!error.empty()) report(io::Severity::error, error);
  }
  if (!no_address || !covered.empty() || !running.empty()) return false;
  if (!tell) return true;
  report(io::Severity::warning, "the lease has run out, and no daemon serves: what was left of the service is ended");
  return true;
}

/// Of one service; used on a thread of its own.
class Watch {
 public:
  Watch(const FencedService& service, const linux_io::Descriptor& daemon, pid_t pid)
      : service_(service),
        daemon_(daemon),
        pid_(pid),
        report_(module_report(service.application.module, nullptr)),
        note_(service.lease_path) {}

  /// Until there is nothing to answer for any more.
  void run() {
    while (true) {
      const bool ended = has_ended(daemon_, milliseconds(0));
      const bool gone = ended || io::is_dying(pid_);
      // Somebody may have taken the file away, but what it said still counts.
      const auto content = note_.read();
      if (content) known_ = *content;
      if (known_.daemon != pid_) {
        if (ended) return;
        wait(look_interval);
      } else if (const Instant now = io::EventLoop::now(); now < known_.until) {
        wait(gone || known_.held ? look_interval : time_until(known_.until, now));
      } else if (gone) {
        if (end_for_good()) return;
      } else if (content && content->held && !ended_held_) {
        ended_held_ = fence(service_, true, report_);
        if (!ended_held_) wait(retry_interval);
      } else {
        wait(idle_interval);
      }
    }
  }

 private:
  static milliseconds time_until(Instant until, Instant now) {
    return std::min(milliseconds((until - now).ns / lockstep::milliseconds(1).ns + 1), longest_wait);
  }

  void wait(milliseconds time) const {
    if (has_ended(daemon_, time)) std::this_thread::sleep_for(std::min(time, look_interval));
  }

  /// False: it is to be tried again.
  bool end_for_good() {
    const int error = note_.lock(milliseconds(0));
    // A daemon is about to answer for it, and may fail yet. (Of one that is dying the lock is its own.)
    if (error == EWOULDBLOCK && has_ended(daemon_, milliseconds(0))) {
      wait(look_interval);
      return false;
    }
    if (note_.read().value_or(known_).daemon != pid_) return true;
    if (!ended_for_good_ && !fence(service_, io::EventLoop::now() < known_.until + recently, report_)) {
      std::this_thread::sleep_for(retry_interval);
      return false;
    }
    ended_for_good_ = true;
    if (error == EWOULDBLOCK) {
      wait(idle_interval);  // the note can be cleared when it has ended
      return false;
    }
    // Without a lock there is no note, and without that nothing is taken up.
    if (error != 0) return true;
    if (const std::string failed = note_.write({}); !failed.empty()) report_(io::Severity::error, failed);
    return true;
  }

  const FencedService& service_;
  const linux_io::Descriptor& daemon_;
  const pid_t pid_;
  const io::Report report_;
  io::LeaseNote note_;
  io::LeaseNote::Content known_;
  bool ended_held_ = false;
  bool ended_for_good_ = false;
};

[[noreturn]] void stand_by(const linux_io::Descriptor& daemon, pid_t pid, const std::vector<FencedService>& services,
                           int ready) {
  ::prctl(PR_SET_NAME, "lockstep-fencer");
  ::setsid();  // what is said to the daemon's process group is not for this process
  if (::chdir("/") != 0) log(io::Severity::warning, std::string("cannot change to /: ") + std::strerror(errno));
  {
    std::vector<std::jthread> threads;
    threads.reserve(services.size());
    for (const FencedService& each : services) threads.emplace_back([&] { Watch(each, daemon, pid).run(); });
    ::close(ready);
  }
  std::_Exit(EXIT_SUCCESS);
}

}  // namespace

std::string start_fencer(const std::vector<FencedService>& services, const std::function<void()>& let_go) {
  const auto failed = [](const char* what) {
    return std::string("the process that ends applications in the daemon's absence cannot be started: ") + what + ": " +
           std::strerror(errno);
  };
  const pid_t self = ::getpid();
  const linux_io::Descriptor daemon = io::open_process(self);
  if (!daemon.valid()) return failed("pidfd_open");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe");
  const linux_io::Descriptor its_closing(ends[0]);
  linux_io::Descriptor ready(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    let_go();
    stand_by(daemon, self, services, ready.release());
  }
  ready.reset();
  char none = 0;
  while (::read(its_closing.fd(), &none, 1) < 0 && errno == EINTR) {
  }
  linux_io::Descriptor fencer = io::open_process(pid);
  if (!fencer.valid()) return failed("pidfd_open");
  std::thread([fencer = std::move(fencer)] {
    while (!has_ended(fencer, milliseconds(-1))) {
    }
    log(io::Severity::error,
        "the process that ends applications in the daemon's absence has ended itself: until the daemon is started "
        "anew, an application may outlive it for good");
  }).detach();
  return {};
}

}  // namespace lockstep::prod

#include "prod/daemon/fencer.h"

#include "io/asio/event_loop.h"
#include "io/linux/application_processes.h"
#include "io/linux/guard.h"
#include "io/linux/lease_note.h"
#include "io/linux/network_interface.h"
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
#include <sys/syscall.h>
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
/// Where the lease had run out long before, nothing was served, and there is nothing to tell.
constexpr Duration recently = lockstep::milliseconds(5'000);

linux_io::Descriptor open_process(pid_t pid) {
  return linux_io::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// Whether it has, within that time; a negative time is none.
bool has_ended(const linux_io::Descriptor& process, milliseconds within) {
  pollfd ended{process.fd(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(within.count())) == 1;
}

/// Acts first, and tells then: a log may hang on a machine in trouble.
void fence(const FencedService& service, bool tell, const io::Report& report) {
  std::vector<std::string> failed;
  for (const io::ServiceAddress& each : service.addresses) {
    if (const int error = linux_io::remove_address(each.address); error != 0) {
      failed.push_back("address " + to_string(each.address) + " cannot be taken away: " + std::strerror(error));
    }
  }
  // Before the processes: one that waits for an answer of the daemon cannot end before it has one.
  linux_io::Guard guard(service.application.directory);
  failed.push_back(guard.end_mount(service.application.module));
  failed.push_back(io::ScriptApplication::end_leftovers(service.application, report));
  for (const std::string& error : failed) {
    if (!error.empty()) report(io::Severity::error, error);
  }
  if (!tell) return;
  report(io::Severity::warning, "the lease has run out, and no daemon serves: what was left of the service is ended");
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
      const bool gone = has_ended(daemon_, milliseconds(0)) || io::is_dying(pid_);
      // Somebody may have taken the file away, but what it said still counts.
      if (const auto content = note_.read()) known_ = *content;
      if (known_.daemon != pid_) {
        if (gone) return;
        wait(look_interval);
      } else if (const Instant now = io::EventLoop::now(); now < known_.until) {
        wait(gone || known_.held ? look_interval : time_until(known_.until, now));
      } else if (gone) {
        if (end_for_good()) return;
        wait(look_interval);
      } else if (known_.held && !ended_held_) {
        fence(service_, true, report_);
        ended_held_ = true;
      } else {
        wait(idle_interval);
      }
    }
  }

 private:
  static milliseconds time_until(Instant until, Instant now) {
    return milliseconds((until - now).ns / lockstep::milliseconds(1).ns + 1);
  }

  void wait(milliseconds time) const {
    if (has_ended(daemon_, time)) std::this_thread::sleep_for(std::min(time, look_interval));
  }

  /// False: a daemon is about to answer for it, and may fail yet.
  bool end_for_good() {
    const int error = note_.lock(milliseconds(0));
    if (error == EWOULDBLOCK && has_ended(daemon_, milliseconds(0))) return false;
    if (note_.read().value_or(known_).daemon != pid_) return true;
    fence(service_, io::EventLoop::now() < known_.until + recently, report_);
    // The lock is still that of the daemon that is dying; or there is no note, and without it nothing is taken up.
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

std::string start_fencer(std::vector<FencedService> services, const std::function<void()>& let_go) {
  const auto failed = [](const char* what) {
    return std::string("the process that ends applications in the daemon's absence cannot be started: ") + what + ": " +
           std::strerror(errno);
  };
  const pid_t self = ::getpid();
  const linux_io::Descriptor daemon = open_process(self);
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
  linux_io::Descriptor fencer = open_process(pid);
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

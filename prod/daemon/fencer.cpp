#include "prod/daemon/fencer.h"

#include "io/asio/event_loop.h"
#include "io/linux/guard.h"
#include "io/linux/lease_note.h"
#include "io/linux/network_interface.h"
#include "prod/common/log.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace lockstep::prod {

namespace {

/// Short beside the time in which another server takes over, and long beside a look at the note.
constexpr std::chrono::milliseconds look_interval{10};

linux_io::Descriptor open_process(pid_t pid) {
  return linux_io::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void wait_for_end(const linux_io::Descriptor& process) {
  pollfd ended{process.fd(), POLLIN, 0};
  while (::poll(&ended, 1, -1) != 1) {
  }
}

void fence(const FencedService& service, const io::Report& report) {
  report(io::Severity::warning, "the daemon has ended, and no other has come in its place while its lease lasted: " +
                                    std::string("what it left of the service is ended"));
  for (const io::ServiceAddress& each : service.addresses) {
    if (const int error = linux_io::remove_address(each.address); error != 0) {
      report(io::Severity::error,
             "address " + to_string(each.address) + " cannot be taken away: " + std::strerror(error));
    }
  }
  // Before the processes: one that waits for an answer of the daemon cannot end before it has one.
  linux_io::Guard guard(service.application.directory);
  if (const std::string error = guard.end_mount(service.application.module); !error.empty()) {
    report(io::Severity::error, error);
  }
  if (const std::string error = io::ScriptApplication::end_leftovers(service.application, report); !error.empty()) {
    report(io::Severity::error, error);
  }
}

/// Until another daemon answers for it, or nobody has to any more.
void answer_for(const FencedService& service, pid_t daemon) {
  const io::Report report = module_report(service.application.module, nullptr);
  io::LeaseNote note(service.lease_path);
  for (; note.read().daemon == daemon; std::this_thread::sleep_for(look_interval)) {
    if (io::EventLoop::now() < note.read().until) continue;
    if (!note.lock(std::chrono::milliseconds(0)).empty()) continue;  // a daemon is about to answer for it
    if (note.read().daemon != daemon) return;
    fence(service, report);
    if (const std::string error = note.write({}); !error.empty()) report(io::Severity::error, error);
    return;
  }
}

[[noreturn]] void stand_by(const linux_io::Descriptor& daemon, pid_t pid, const std::vector<FencedService>& services) {
  ::prctl(PR_SET_NAME, "lockstep-fencer");
  ::setsid();  // what is said to the daemon's process group is not for this process
  if (::chdir("/") != 0) log(io::Severity::warning, std::string("cannot change to /: ") + std::strerror(errno));
  wait_for_end(daemon);
  {
    std::vector<std::jthread> threads;
    threads.reserve(services.size());
    for (const FencedService& each : services) threads.emplace_back([&each, pid] { answer_for(each, pid); });
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
  const pid_t pid = ::fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    let_go();
    stand_by(daemon, self, services);
  }
  linux_io::Descriptor fencer = open_process(pid);
  if (!fencer.valid()) return failed("pidfd_open");
  std::thread([fencer = std::move(fencer)] {
    wait_for_end(fencer);
    log(io::Severity::error,
        "the process that ends applications in the daemon's absence has ended itself: until the daemon is started "
        "anew, an application may outlive it for good");
  }).detach();
  return {};
}

}  // namespace lockstep::prod

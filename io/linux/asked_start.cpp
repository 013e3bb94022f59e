#include "io/linux/asked_start.h"

#include "io/linux/application_processes.h"
#include "io/linux/boot_note.h"
#include "io/linux/children.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

namespace {

using std::chrono::milliseconds;

/// Beside that of the command, which ends itself.
constexpr milliseconds patience_after_limit{1000};

/// What it says when it has succeeded.
constexpr const char* succeeded = " && echo done";

}  // namespace

AskedStart::AskedStart(std::string path, std::string command) : path_(std::move(path)), command_(std::move(command)) {}

std::string AskedStart::note() const {
  if (path_.empty() || command_.empty()) return {};
  return write_note(path_, boot_line() + command_);
}

void AskedStart::forget() const {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::string AskedStart::noted_command() const {
  const std::string text = path_.empty() ? std::string() : read_note(path_);
  const std::string boot = boot_line();
  return text.starts_with(boot) ? text.substr(boot.size()) : std::string();
}

bool AskedStart::noted() const { return !noted_command().empty(); }

bool AskedStart::take_back(const Report& report) const {
  const std::string command = noted_command();
  if (command.empty()) return true;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    report(Severity::error, "\"" + command + "\" could not be started: " + std::strerror(errno));
    return false;
  }
  const linux_io::Descriptor said(ends[0]);
  linux_io::Descriptor output(ends[1]);
  // Not by Children: this is also done in a process that was forked and has none of its threads. Where there are, they
  // collect its end as any orphan's, so that it has to say how it went.
  const pid_t pid = spawn_shell("timeout --signal=KILL " + std::to_string(take_back_time_max.count()) + " " + command +
                                    " >/dev/null 2>&1" + succeeded,
                                environ, output.fd(), -1);
  output.reset();
  if (pid < 0) {
    report(Severity::error, "\"" + command + "\" could not be started: " + std::strerror(-pid));
    return false;
  }
  pollfd ended{said.fd(), POLLIN, 0};
  const int limit = static_cast<int>((milliseconds(take_back_time_max) + patience_after_limit).count());
  while (::poll(&ended, 1, limit) < 0 && errno == EINTR) {
  }
  char first = 0;
  const bool done = ended.revents != 0 && ::read(said.fd(), &first, 1) == 1;
  // Where nobody else collects its end; it has said all it had to say, so this does not wait.
  if (ended.revents != 0) ::waitpid(pid, nullptr, 0);
  if (done) return true;
  report(Severity::warning, "what runs the application was not reached, and may start it yet: \"" + command + "\"");
  return false;
}

}  // namespace lockstep::io

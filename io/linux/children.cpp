#include "io/linux/children.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <spawn.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

namespace lockstep::io {

namespace {

/// What a service manager meant for this daemon alone; an application that understands it would answer in our name.
constexpr std::array<std::string_view, 7> withheld = {
    "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"};

bool names(std::string_view entry, std::string_view key) {
  return entry.size() > key.size() && entry.substr(0, key.size()) == key && entry[key.size()] == '=';
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool hidden = std::any_of(withheld.begin(), withheld.end(), [&](auto key) { return names(text, key); });
    const bool replaced =
        std::any_of(added.begin(), added.end(), [&](const auto& own) { return names(text, own.first); });
    if (!hidden && !replaced) entries.emplace_back(text);
  }
  for (const auto& [key, value] : added) entries.emplace_back(key).append("=").append(value);
  return entries;
}

}  // namespace

pid_t spawn_shell(std::string script, char* const* environment, int output, int errors) {
  char shell[] = "/bin/sh";
  char option[] = "-c";
  char* arguments[] = {shell, option, script.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (errors < 0) {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  } else {
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  }
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  // Libraries open descriptors without close-on-exec; none of ours may live on in an application.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, shell, &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -error;
}

class Children::Impl {
 public:
  Impl() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    std::thread([this] { collect(); }).detach();
  }

  pid_t start(const Command& command, std::function<void(int)> ended) {
    std::string script = "umask 022; ";
    const std::scoped_lock lock(mutex_);
    if (descriptor_limit_ != 0) script += "ulimit -S -n " + std::to_string(descriptor_limit_) + "; ";
    script += command.text;

    std::vector<std::string> entries = environment_with(command.environment);
    std::vector<char*> environment;
    environment.reserve(entries.size() + 1);
    for (std::string& entry : entries) environment.push_back(entry.data());
    environment.push_back(nullptr);
    const pid_t pid = spawn_shell(script, environment.data(), command.output, command.output);
    if (pid < 0) return pid;
    // Still under the lock: the collecting thread cannot have taken this child's end yet.
    ended_.emplace(pid, std::move(ended));
    wake_.notify_one();
    return pid;
  }

  void forget(pid_t pid) {
    const std::scoped_lock lock(mutex_);
    ended_.erase(pid);
  }

  void set_descriptor_limit(unsigned long soft_limit) {
    const std::scoped_lock lock(mutex_);
    descriptor_limit_ = soft_limit;
  }

 private:
  void collect() {
    while (true) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
        // No child at all. Descendants become ours only through a child's end, so the next start() is what to wait for.
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::seconds(1));
        continue;
      }
      const std::scoped_lock lock(mutex_);
      int status = 0;
      if (::waitpid(info.si_pid, &status, WNOHANG) != info.si_pid) continue;
      const auto found = ended_.find(info.si_pid);
      if (found == ended_.end()) continue;  // an orphan that we inherited
      found->second(status);
      ended_.erase(found);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<pid_t, std::function<void(int)>> ended_;
  unsigned long descriptor_limit_ = 0;
};

Children::Children() : impl_(new Impl) {}

Children& Children::instance() {
  static Children children;
  return children;
}

pid_t Children::start(const Command& command, std::function<void(int)> ended) {
  return impl_->start(command, std::move(ended));
}

void Children::forget(pid_t pid) { impl_->forget(pid); }

void Children::set_descriptor_limit(unsigned long soft_limit) { impl_->set_descriptor_limit(soft_limit); }

}  // namespace lockstep::io

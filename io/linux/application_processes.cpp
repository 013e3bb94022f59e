#include "io/linux/application_processes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

namespace lockstep::io {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int freeze_passes_max = 10;
constexpr milliseconds pause_min{5};
constexpr milliseconds pause_max{100};
constexpr milliseconds report_interval{1000};
constexpr std::size_t described_max = 8;

struct Process {
  FoundProcess found;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
};

std::string read_small_file(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> chunk;
  ssize_t got = 0;
  while ((got = ::read(fd, chunk.data(), chunk.size())) > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

std::string read_link(const std::string& path) {
  std::array<char, 4096> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

template <typename Visit>
void for_each_numbered(const std::string& directory, Visit visit) {
  DIR* entries = ::opendir(directory.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name(entry->d_name);
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) visit(number);
  }
  ::closedir(entries);
}

std::string proc(pid_t pid, const char* entry) { return "/proc/" + std::to_string(pid) + "/" + entry; }

/// From /proc/PID/stat: "pid (name) state ppid pgrp session ... starttime(22) ..."; the name may hold anything.
std::optional<Process> read_process(pid_t pid) {
  const std::string text = read_small_file(proc(pid, "stat"));
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  Process process;
  process.found.pid = pid;
  process.found.name = text.substr(open + 1, close - open - 1);
  std::istringstream fields(text.substr(close + 1));
  fields >> process.found.state >> process.parent >> process.group >> process.session;
  constexpr int fields_until_start = 22 - 7;  // terminal (7) up to the one before the start time
  std::string skipped;
  for (int i = 0; i < fields_until_start; ++i) fields >> skipped;
  fields >> process.found.start;
  if (!fields) return std::nullopt;
  return process;
}

std::unordered_map<pid_t, Process> all_processes() {
  std::unordered_map<pid_t, Process> processes;
  for_each_numbered("/proc", [&](pid_t pid) {
    if (auto process = read_process(pid)) processes.emplace(pid, std::move(*process));
  });
  return processes;
}

/// This process and everything above it.
std::unordered_set<pid_t> own_line(const std::unordered_map<pid_t, Process>& processes) {
  std::unordered_set<pid_t> line;
  for (pid_t pid = ::getpid(); pid > 0 && line.insert(pid).second;) {
    const auto found = processes.find(pid);
    pid = found == processes.end() ? 0 : found->second.parent;
  }
  line.insert(1);
  return line;
}

bool carries_cookie(pid_t pid, const std::string& entry) {
  const std::string environment = read_small_file(proc(pid, "environ"));
  for (std::size_t at = environment.find(entry); at != std::string::npos; at = environment.find(entry, at + 1)) {
    const std::size_t end = at + entry.size();
    const bool whole_start = at == 0 || environment[at - 1] == '\0';
    const bool whole_end = end == environment.size() || environment[end] == '\0';
    if (whole_start && whole_end) return true;
  }
  return false;
}

bool beneath(const std::string& path, const std::string& directory) {
  return path.compare(0, directory.size(), directory) == 0 &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

/// Reads links only and never follows one: following would ask the filesystem that may be hanging.
bool uses_directory(pid_t pid, const std::string& directory, const std::string& own_mounts) {
  if (read_link(proc(pid, "ns/mnt")) != own_mounts) return false;  // there the same path is another place
  for (const char* entry : {"cwd", "root", "exe"}) {
    if (beneath(read_link(proc(pid, entry)), directory)) return true;
  }
  bool uses = false;
  const std::string descriptors = proc(pid, "fd");
  for_each_numbered(descriptors, [&](int fd) {
    if (!uses) uses = beneath(read_link(descriptors + "/" + std::to_string(fd)), directory);
  });
  return uses;
}

bool descends_from_here(const std::unordered_map<pid_t, Process>& processes, const Process& process) {
  const pid_t self = ::getpid();
  pid_t pid = process.parent;
  for (std::size_t steps = 0; pid > 1 && steps <= processes.size(); ++steps) {
    if (pid == self) return true;
    const auto found = processes.find(pid);
    if (found == processes.end()) return false;
    pid = found->second.parent;
  }
  return false;
}

/// Through a descriptor of the process, so that the signal never reaches a later process with the same number.
void signal_process(const FoundProcess& process, int signal) {
  const linux_io::Descriptor opened = open_process(process.pid);
  if (!opened.valid()) return;
  const auto now = read_process(process.pid);
  if (now && now->found.start == process.start) ::syscall(SYS_pidfd_send_signal, opened.fd(), signal, nullptr, 0);
}

}  // namespace

std::string application_cookie(const std::string& module, const std::string& state_directory) {
  struct stat info {};
  std::string identity;
  if (::stat(state_directory.c_str(), &info) == 0) {
    identity = "#" + std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  }
  return module + "@" + state_directory + identity;
}

std::vector<FoundProcess> find_application_processes(const ApplicationTraits& traits) {
  const auto processes = all_processes();
  const auto spared = own_line(processes);
  const std::string entry = std::string(cookie_variable) + "=" + traits.cookie;
  const std::string own_mounts = read_link("/proc/self/ns/mnt");

  std::unordered_set<pid_t> belonging;
  std::unordered_set<pid_t> earlier_scripts;
  for (const auto& [pid, start] : traits.earlier.processes) {
    const auto known = processes.find(pid);
    if (known == processes.end() || known->second.found.start != start || spared.contains(pid)) continue;
    belonging.insert(pid);
    for (const pid_t number : {known->second.group, known->second.session}) {
      if (traits.earlier.scripts.contains(number)) earlier_scripts.insert(number);
    }
  }
  for (const auto& [pid, process] : processes) {
    if (spared.contains(pid)) continue;
    if (earlier_scripts.contains(process.group) || earlier_scripts.contains(process.session)) belonging.insert(pid);
    const bool of_script = traits.scripts.contains(process.group) || traits.scripts.contains(process.session);
    if ((of_script && descends_from_here(processes, process)) || carries_cookie(pid, entry) ||
        (!traits.directory.empty() && uses_directory(pid, traits.directory, own_mounts))) {
      belonging.insert(pid);
    }
  }
  // Children may hide every sign (PostgreSQL's overwrite their environment), but not their parents.
  for (bool grown = !belonging.empty(); grown;) {
    grown = false;
    for (const auto& [pid, process] : processes) {
      if (belonging.contains(process.parent) && !spared.contains(pid)) grown = belonging.insert(pid).second || grown;
    }
  }
  std::vector<FoundProcess> result;
  for (const pid_t pid : belonging) {
    const FoundProcess& found = processes.at(pid).found;
    if (found.state != 'Z' && found.state != 'X') result.push_back(found);
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return result;
}

std::vector<FoundProcess> end_application_processes(const ApplicationTraits& traits,
                                                    std::optional<steady_clock::time_point> deadline,
                                                    const std::atomic<bool>& cancelled, const Report& report) {
  milliseconds pause = pause_min;
  auto next_report = steady_clock::now() + report_interval;
  while (true) {
    std::vector<FoundProcess> found;
    std::set<std::pair<pid_t, unsigned long long>> stopped;
    for (int pass = 0; pass < freeze_passes_max; ++pass) {
      found = find_application_processes(traits);
      bool news = false;
      for (const FoundProcess& process : found) {
        if (!stopped.emplace(process.pid, process.start).second) continue;
        news = true;
        signal_process(process, SIGSTOP);
      }
      if (!news) break;
    }
    if (found.empty()) return {};
    for (const FoundProcess& process : found) signal_process(process, SIGKILL);
    const auto now = steady_clock::now();
    if (cancelled || (deadline && now >= *deadline)) return found;
    if (now >= next_report) {
      report(Severity::warning, "killed, but not ended yet: " + describe(found));
      next_report = now + report_interval;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

std::optional<FoundProcess> find_process(pid_t pid) {
  const auto process = read_process(pid);
  return process ? std::optional(process->found) : std::nullopt;
}

linux_io::Descriptor open_process(pid_t pid) {
  return linux_io::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool any_runs(const std::set<std::pair<pid_t, unsigned long long>>& processes) {
  return std::any_of(processes.begin(), processes.end(), [](const auto& known) {
    const auto now = read_process(known.first);
    return now && now->found.start == known.second && now->found.state != 'Z' && now->found.state != 'X';
  });
}

bool is_dying(pid_t pid) {
  const auto process = read_process(pid);
  if (process && (process->found.state == 'Z' || process->found.state == 'X')) return true;
  std::istringstream lines(read_small_file(proc(pid, "status")));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key;
    std::string value;
    words >> key >> value;
    if (key == "CoreDumping:" && value == "1") return true;
    const bool pending = key == "SigPnd:" || key == "ShdPnd:";
    if (pending && (std::strtoull(value.c_str(), nullptr, 16) >> (SIGKILL - 1) & 1U) != 0) return true;
  }
  return false;
}

std::string describe(const std::vector<FoundProcess>& processes) {
  std::string text;
  for (std::size_t i = 0; i < processes.size() && i < described_max; ++i) {
    if (i > 0) text += ", ";
    text += processes[i].name + " (" + std::to_string(processes[i].pid) + ", state " + processes[i].state + ")";
  }
  if (processes.size() > described_max) text += " and " + std::to_string(processes.size() - described_max) + " more";
  return text;
}

}  // namespace lockstep::io

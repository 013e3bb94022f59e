#include "io/linux/application_note.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

namespace {

/// A note that was cut short says nothing.
constexpr const char* last_line = "end";

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

ApplicationNote::ApplicationNote(std::string path, const Terms& terms) : path_(std::move(path)) {
  const std::string boot = read_text("/proc/sys/kernel/random/boot_id");
  if (boot.empty()) return;
  heading_ = "boot " + boot + "cookie " + terms.cookie + "\ndirectory " + terms.directory + "\naddresses " +
             terms.addresses + "\n";
}

std::string ApplicationNote::write(const EarlierProcesses& processes) const {
  if (path_.empty() || heading_.empty()) return {};
  // No fsync: the file must not outlive a power loss, and the boot it names does not either.
  const std::string temporary = path_ + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  file << heading_;
  for (const pid_t script : processes.scripts) file << "script " << script << "\n";
  for (const auto& [pid, start] : processes.processes) file << "process " << pid << " " << start << "\n";
  file << last_line << "\n";
  file.close();
  if (!file || ::rename(temporary.c_str(), path_.c_str()) != 0) {
    return "cannot write " + path_ + ": " + std::strerror(errno);
  }
  return {};
}

void ApplicationNote::remove() const {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::optional<EarlierProcesses> ApplicationNote::read() const {
  if (path_.empty() || heading_.empty()) return std::nullopt;
  const std::string text = read_text(path_);
  if (!text.starts_with(heading_)) return std::nullopt;
  std::istringstream words(text.substr(heading_.size()));
  EarlierProcesses found;
  for (std::string kind; words >> kind && kind != last_line;) {
    pid_t pid = 0;
    unsigned long long start = 0;
    if (kind == "script" && words >> pid) {
      found.scripts.insert(pid);
    } else if (kind == "process" && words >> pid >> start) {
      found.processes.emplace(pid, start);
    } else {
      return std::nullopt;
    }
  }
  if (!words) return std::nullopt;
  return found;
}

}  // namespace lockstep::io

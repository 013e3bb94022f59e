#include "io/linux/application_note.h"

#include "io/linux/boot_note.h"

#include <sstream>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

namespace {

/// A note that was cut short says nothing.
constexpr const char* last_line = "end";
constexpr std::string_view addresses_name = "addresses ";

}  // namespace

ApplicationNote::ApplicationNote(std::string path, const Terms& terms) : path_(std::move(path)) {
  const std::string boot = boot_line();
  if (boot.empty()) return;
  owner_ = boot + "cookie " + terms.cookie + "\n";
  heading_ = owner_ + "directory " + terms.directory + "\n";
  if (!terms.runner.empty()) heading_ += "runner " + terms.runner + "\n";
  heading_ += std::string(addresses_name) + terms.addresses + "\n";
}

std::string ApplicationNote::write(const EarlierProcesses& processes) const {
  if (path_.empty() || heading_.empty()) return {};
  std::ostringstream text;
  text << heading_;
  for (const pid_t script : processes.scripts) text << "script " << script << "\n";
  for (const auto& [pid, start] : processes.processes) text << "process " << pid << " " << start << "\n";
  text << last_line << "\n";
  return write_note(path_, text.str());
}

void ApplicationNote::remove() const {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::string ApplicationNote::noted_addresses() const {
  const std::string text = path_.empty() ? std::string() : read_note(path_);
  const std::string boot = boot_line();
  if (boot.empty() || !text.starts_with(boot)) return {};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(addresses_name)) return line.substr(addresses_name.size());
  }
  return {};
}

std::optional<EarlierProcesses> ApplicationNote::read() const {
  if (path_.empty() || heading_.empty()) return std::nullopt;
  const std::string text = read_note(path_);
  if (!text.starts_with(heading_)) return std::nullopt;
  return parse(text.substr(heading_.size()));
}

EarlierProcesses ApplicationNote::processes() const {
  if (path_.empty() || owner_.empty()) return {};
  const std::string text = read_note(path_);
  const std::size_t addresses = text.find("\n" + std::string(addresses_name));
  if (!text.starts_with(owner_) || addresses == std::string::npos) return {};
  return parse(text.substr(text.find('\n', addresses + 1) + 1)).value_or(EarlierProcesses{});
}

std::optional<EarlierProcesses> ApplicationNote::parse(const std::string& text) {
  std::istringstream words(text);
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

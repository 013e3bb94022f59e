#include "prod/events/event_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace lockstep::prod {

namespace {

std::string old_path(const std::string& path) { return path + ".old"; }

/// So that a name which was made or changed is there after a power cut.
void sync_directory_of(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

void read_file(const std::string& path, std::uint64_t after, ReadEvents& into) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    if (errno != ENOENT) into.error = "cannot read " + path + ": " + std::strerror(errno);
    return;
  }
  for (std::string line; std::getline(file, line);) {
    if (auto event = decode_event(line); event && event->number > after) into.events.push_back(std::move(*event));
  }
}

}  // namespace

std::string event_file_path(const std::string& state_directory, const std::string& module) {
  return state_directory + "/" + module + ".events";
}

ReadEvents read_events(const std::string& path, std::size_t count, std::uint64_t after) {
  // The newer file first: should they change places meanwhile, its events are read twice instead of not at all.
  ReadEvents newer;
  read_file(path, after, newer);
  ReadEvents read;
  read_file(old_path(path), after, read);
  if (!newer.error.empty()) read.error = newer.error;
  const std::uint64_t seen = read.events.empty() ? 0 : read.events.back().number;
  for (ModuleEvent& event : newer.events) {
    if (event.number > seen) read.events.push_back(std::move(event));
  }
  if (read.events.size() > count) {
    read.events.erase(read.events.begin(), read.events.end() - static_cast<std::ptrdiff_t>(count));
  }
  return read;
}

EventFile::EventFile(std::string path, std::size_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {}

EventFile::~EventFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string EventFile::failed(const char* what) const {
  return std::string("cannot ") + what + " " + path_ + ": " + std::strerror(errno);
}

std::string EventFile::open() {
  if (const auto last = read_events(path_, 1); !last.events.empty()) last_number_ = last.events.back().number;
  fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return failed("open");
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return failed("look at");
  bytes_ = static_cast<std::size_t>(info.st_size);
  // A line that a crash has torn must not take the next one with it.
  char end = '\n';
  if (bytes_ > 0 && ::pread(fd_, &end, 1, info.st_size - 1) == 1 && end != '\n' && ::write(fd_, "\n", 1) == 1) ++bytes_;
  sync_directory_of(path_);
  return {};
}

std::string EventFile::change_files() {
  ::close(std::exchange(fd_, -1));
  if (::rename(path_.c_str(), old_path(path_).c_str()) != 0) return failed("put aside");
  fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return failed("open");
  bytes_ = 0;
  sync_directory_of(path_);
  return {};
}

std::string EventFile::append(ModuleEvent& event) {
  if (fd_ < 0) {
    if (std::string error = open(); !error.empty()) return error;
  }
  if (event.text.size() > event_text_bytes_max) event.text = event.text.substr(0, event_text_bytes_max) + " [...]";
  event.number = last_number_ + 1;
  const std::string line = encode(event) + "\n";
  if (bytes_ > 0 && bytes_ + line.size() > bytes_max_) {
    if (std::string error = change_files(); !error.empty()) return error;
  }
  const ssize_t written = ::write(fd_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    if (written >= 0) errno = ENOSPC;
    std::string error = failed("write to");
    ::close(std::exchange(fd_, -1));  // open() ends what was written in part
    return error;
  }
  bytes_ += line.size();
  last_number_ = event.number;
  if (::fdatasync(fd_) != 0) return failed("bring to disk");
  return {};
}

}  // namespace lockstep::prod

#include "prod/daemon/segment_ring.h"

#include "prod/daemon/process_setup.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

constexpr const char* extension = ".recording";

/// Only for root: names of files are in it.
constexpr mode_t file_mode = 0600;

}  // namespace

SegmentRing::~SegmentRing() { close(); }

std::string SegmentRing::path_of(const Number& number) const {
  char name[64];
  std::snprintf(name, sizeof name, "/%06llu-%06llu", static_cast<unsigned long long>(number.first),
                static_cast<unsigned long long>(number.second));
  return directory_ + name + extension;
}

std::string SegmentRing::failed(const std::string& what) const {
  return "cannot " + what + ": " + std::strerror(errno);
}

std::string SegmentRing::open() {
  if (std::string error = make_directory(directory_); !error.empty()) return error;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    unsigned long long life = 0;
    unsigned long long segment = 0;
    const std::string name = entry.path().filename().string();
    if (std::sscanf(name.c_str(), "%llu-%llu", &life, &segment) != 2 || path_of({life, segment}) != entry.path()) {
      continue;
    }
    std::error_code unknown_size;
    const std::uintmax_t bytes = entry.file_size(unknown_size);
    kept_[{life, segment}] = unknown_size ? 0 : bytes;
    present_.first = std::max(present_.first, std::uint64_t{life} + 1);
  }
  return error ? "cannot look at " + directory_ + ": " + error.message() : std::string();
}

std::string SegmentRing::begin() {
  if (std::string error = close(); !error.empty()) return error;
  make_room();
  present_.second = segments_begun_;
  const std::string path = path_of(present_);
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, file_mode);
  if (fd_ < 0) return failed("create " + path);
  ++segments_begun_;
  segment_bytes_ = 0;
  unsynced_ = true;
  return {};
}

void SegmentRing::discard() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  ::unlink(path_of(present_).c_str());
  --segments_begun_;
}

void SegmentRing::make_room() {
  std::uint64_t bytes = segment_bytes_max_;
  for (const auto& [number, size] : kept_) bytes += size;
  while (!kept_.empty() && bytes > bytes_max_) {
    const auto oldest = kept_.begin();
    // What cannot be removed is not counted again and again.
    ::unlink(path_of(oldest->first).c_str());
    bytes -= oldest->second;
    kept_.erase(oldest);
  }
}

std::string SegmentRing::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write " + path_of(present_));
    segment_bytes_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    unsynced_ = true;
  }
  return {};
}

std::string SegmentRing::sync() {
  if (fd_ < 0 || !unsynced_) return {};
  unsynced_ = false;
  return ::fdatasync(fd_) == 0 ? std::string() : failed("sync " + path_of(present_));
}

std::string SegmentRing::close() {
  if (fd_ < 0) return {};
  std::string error = sync();
  ::close(fd_);
  fd_ = -1;
  kept_[present_] = segment_bytes_;
  return error;
}

}  // namespace lockstep::prod

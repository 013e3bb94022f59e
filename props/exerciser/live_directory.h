// The real directory: makes the calls.
#pragma once

#include "props/exerciser/call.h"

#include <array>
#include <memory>
#include <span>
#include <string>

namespace lockstep::exerciser {

/// Holds the directory, the open files and their mappings; whatever is mounted over the path meanwhile is not seen.
class LiveDirectory {
 public:
  /// Throws std::system_error if it cannot be opened.
  explicit LiveDirectory(const std::string& path);
  ~LiveDirectory();
  LiveDirectory(const LiveDirectory&) = delete;
  LiveDirectory& operator=(const LiveDirectory&) = delete;

  /// Makes the call. `data`: of write and store. Loads and stores end the process (SIGBUS) if the file cannot be read.
  Outcome make(const Call& call, std::span<const std::byte> data);
  /// The contents of an open file, also of one without a name; throws std::system_error.
  [[nodiscard]] Bytes read_open(std::size_t slot) const;
  /// What fstat(2) says; throws std::system_error.
  [[nodiscard]] std::uint64_t size_of(std::size_t slot) const;
  /// Leads to the directory that was opened, by way of /proc.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct OpenDescriptor {
    int fd = -1;
    std::byte* mapping = nullptr;  ///< of file_bytes_max bytes
  };

  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + '/' + name; }
  int open(const Call& call);
  int close(std::size_t slot);
  std::int64_t write(const Call& call, std::span<const std::byte> data);
  Outcome read(const Call& call);
  /// Null, and errno, if it cannot be mapped.
  std::byte* mapping_of(std::size_t slot);
  std::int64_t store(const Call& call, std::span<const std::byte> data);
  Outcome load(const Call& call);
  std::int64_t sync_mapping(const Call& call);
  std::int64_t copy(const Call& call);
  std::int64_t send(const Call& call);

  struct Freed {
    void operator()(std::byte* memory) const;
  };
  int directory_;
  std::string path_;
  std::array<OpenDescriptor, slots> open_;
  std::unique_ptr<std::byte, Freed> aligned_;  ///< file_bytes_max bytes
};

}  // namespace lockstep::exerciser

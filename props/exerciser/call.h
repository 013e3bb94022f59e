// One operation of the exerciser: a system call, the file that it is about, and its arguments.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::exerciser {

using Bytes = std::vector<std::byte>;

inline constexpr std::uint64_t page_bytes = 4096;
/// What O_DIRECT is given: offsets, lengths and memory.
inline constexpr std::uint64_t direct_alignment_bytes = 4096;
inline constexpr std::uint64_t file_bytes_max = std::uint64_t{2} << 20U;
/// How many files are open at a time, at most.
inline constexpr std::size_t slots = 6;
inline constexpr const char* subdirectory = "sub";
inline constexpr std::array<const char*, 7> file_names{"a", "b", "c", "d", "sub/e", "sub/f", "sub/g"};

enum class CallKind : std::uint8_t {
  open,
  close,
  write,           ///< pwrite(2); at the end of the file where it was opened with O_APPEND
  read,            ///< pread(2)
  store,           ///< into a shared mapping, and left to the kernel
  store_and_sync,  ///< the same, and msync(2) of what was stored
  load,            ///< from a shared mapping
  sync_mapping,    ///< msync(2)
  resize,          ///< truncate(2)
  resize_open,     ///< ftruncate(2)
  allocate,        ///< fallocate(2)
  sync,            ///< fsync(2)
  sync_data,       ///< fdatasync(2)
  rename,          ///< renameat2(2)
  link,            ///< link(2)
  unlink,          ///< unlink(2)
  copy,            ///< copy_file_range(2)
  send,            ///< sendfile(2)
};

struct Call {
  std::uint64_t number = 0;  ///< from 1
  CallKind kind = CallKind::read;
  std::size_t slot = 0;         ///< of the open file; copy, send: of the one that is read
  std::size_t target_slot = 0;  ///< copy, send: of the one that is written
  std::string name = {};
  std::string new_name = {};
  int flags = 0;  ///< of open(2), fallocate(2) or renameat2(2)
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< resize, resize_open: the new size
  std::uint64_t target_offset = 0;
  bool zeros = false;  ///< write, store: of zeros
};

/// For people, as strace(1) would say it.
std::string describe(const Call& call);

/// What a write or store of this number brings; empty for all else.
Bytes data_of(std::uint64_t seed, const Call& call);

/// What came of a call, as it should be or as it was.
struct Outcome {
  std::int64_t result = 0;  ///< what the call returns, or -errno
  Bytes data;               ///< what was read
};

}  // namespace lockstep::exerciser

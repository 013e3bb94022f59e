#include "props/exerciser/call.h"

#include "sim/random.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace lockstep::exerciser {
namespace {

using FlagName = std::pair<int, const char*>;

std::string join(int flags, std::span<const FlagName> names, std::string text) {
  for (const auto& [flag, name] : names) {
    if ((flags & flag) != flag) continue;
    if (!text.empty()) text += '|';
    text += name;
  }
  return text.empty() ? "0" : text;
}

std::string open_flags(int flags) {
  static constexpr FlagName names[] = {{O_CREAT, "O_CREAT"},   {O_EXCL, "O_EXCL"},     {O_TRUNC, "O_TRUNC"},
                                       {O_APPEND, "O_APPEND"}, {O_DIRECT, "O_DIRECT"}, {O_DSYNC, "O_DSYNC"}};
  const int access = flags & O_ACCMODE;
  return join(flags, names, access == O_RDWR ? "O_RDWR" : access == O_WRONLY ? "O_WRONLY" : "O_RDONLY");
}

std::string allocate_flags(int flags) {
  static constexpr FlagName names[] = {
      {FALLOC_FL_KEEP_SIZE, "KEEP_SIZE"}, {FALLOC_FL_PUNCH_HOLE, "PUNCH_HOLE"}, {FALLOC_FL_ZERO_RANGE, "ZERO_RANGE"}};
  return join(flags, names, "");
}

std::string rename_flags(int flags) {
  static constexpr FlagName names[] = {{RENAME_NOREPLACE, "NOREPLACE"}, {RENAME_EXCHANGE, "EXCHANGE"}};
  return join(flags, names, "");
}

std::string arguments(const Call& call) {
  const std::string range = fmt::format("slot {}, {} bytes at {}", call.slot, call.length, call.offset);
  const char* const zeros = call.zeros ? ", zeros" : "";
  switch (call.kind) {
    case CallKind::open: return fmt::format("open(slot {}, {}, {})", call.slot, call.name, open_flags(call.flags));
    case CallKind::close: return fmt::format("close(slot {})", call.slot);
    case CallKind::write: return fmt::format("pwrite({}{})", range, zeros);
    case CallKind::read: return fmt::format("pread({})", range);
    case CallKind::store: return fmt::format("mmap store({}{})", range, zeros);
    case CallKind::store_and_sync: return fmt::format("mmap store and msync({}{})", range, zeros);
    case CallKind::load: return fmt::format("mmap load({})", range);
    case CallKind::sync_mapping: return fmt::format("msync({})", range);
    case CallKind::resize: return fmt::format("truncate({}, {})", call.name, call.length);
    case CallKind::resize_open: return fmt::format("ftruncate(slot {}, {})", call.slot, call.length);
    case CallKind::allocate: return fmt::format("fallocate({}, {})", range, allocate_flags(call.flags));
    case CallKind::sync: return fmt::format("fsync(slot {})", call.slot);
    case CallKind::sync_data: return fmt::format("fdatasync(slot {})", call.slot);
    case CallKind::rename:
      return fmt::format("renameat2({}, {}, {})", call.name, call.new_name, rename_flags(call.flags));
    case CallKind::link: return fmt::format("link({}, {})", call.name, call.new_name);
    case CallKind::unlink: return fmt::format("unlink({})", call.name);
    case CallKind::copy:
      return fmt::format("copy_file_range({}, to slot {} at {})", range, call.target_slot, call.target_offset);
    case CallKind::send:
      return fmt::format("sendfile({}, to slot {} at {})", range, call.target_slot, call.target_offset);
  }
  return {};
}

}  // namespace

std::string describe(const Call& call) { return fmt::format("operation {}: {}", call.number, arguments(call)); }

Bytes data_of(std::uint64_t seed, const Call& call) {
  const bool brings =
      call.kind == CallKind::write || call.kind == CallKind::store || call.kind == CallKind::store_and_sync;
  Bytes data(brings ? call.length : 0);
  if (call.zeros) return data;
  sim::Random random = sim::Random::keyed(seed, "data", call.number);
  for (std::size_t at = 0; at < data.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(data.data() + at, &word, std::min(sizeof word, data.size() - at));
  }
  return data;
}

}  // namespace lockstep::exerciser

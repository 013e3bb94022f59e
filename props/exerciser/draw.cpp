#include "props/exerciser/draw.h"

#include "sim/random.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>

namespace lockstep::exerciser {
namespace {

struct Weight {
  CallKind kind;
  std::uint32_t share;
};
constexpr std::array weights{
    Weight{CallKind::write, 300},         Weight{CallKind::read, 200},       Weight{CallKind::load, 60},
    Weight{CallKind::store, 60},          Weight{CallKind::allocate, 80},    Weight{CallKind::resize_open, 45},
    Weight{CallKind::copy, 40},           Weight{CallKind::rename, 40},      Weight{CallKind::close, 40},
    Weight{CallKind::unlink, 25},         Weight{CallKind::resize, 25},      Weight{CallKind::send, 20},
    Weight{CallKind::link, 15},           Weight{CallKind::sync, 12},        Weight{CallKind::sync_data, 12},
    Weight{CallKind::store_and_sync, 15}, Weight{CallKind::sync_mapping, 5},
};

/// Small ones are as likely as large ones.
constexpr std::int64_t length_bits_max = 16;
constexpr std::uint64_t gap_bytes_max = std::uint64_t{128} << 10U;
constexpr std::uint64_t long_write = 200;  ///< one write in so many is longer than any request
constexpr std::uint64_t long_write_bytes_max = std::uint64_t{3} << 19U;

class Draw {
 public:
  Draw(std::uint64_t seed, std::uint64_t number, const TreeModel& tree)
      : random_(sim::Random::keyed(seed, "call", number)), tree_(tree) {
    call_.number = number;
  }

  Call run() {
    call_.slot = random_.below(slots);
    call_.kind = open_file().is_open() ? draw_kind() : CallKind::open;
    draw_arguments();
    return call_;
  }

 private:
  [[nodiscard]] const OpenFile& open_file() const { return tree_.open_file(call_.slot); }
  [[nodiscard]] std::uint64_t size() const { return open_file().file->size(); }
  [[nodiscard]] bool opened_with(int flag) const { return (open_file().flags & flag) == flag; }

  CallKind draw_kind() {
    std::uint32_t all = 0;
    for (const Weight& weight : weights) all += weight.share;
    std::uint64_t drawn = random_.below(all);
    for (const Weight& weight : weights) {
      if (drawn < weight.share) return possible(weight.kind) ? weight.kind : instead();
      drawn -= weight.share;
    }
    return CallKind::close;
  }

  [[nodiscard]] bool possible(CallKind kind) const {
    const OpenFile& file = open_file();
    const bool mappable = file.readable() && file.writable() && size() != 0;
    switch (kind) {
      case CallKind::read: return file.readable();
      case CallKind::write:
      case CallKind::allocate:
      case CallKind::resize_open: return file.writable();
      case CallKind::store:
      case CallKind::store_and_sync:
      case CallKind::sync_mapping:
      case CallKind::load: return mappable;
      case CallKind::copy:
      case CallKind::send: return file.readable() && !opened_with(O_DIRECT);
      default: return true;
    }
  }
  [[nodiscard]] CallKind instead() const { return open_file().readable() ? CallKind::read : CallKind::write; }

  void draw_arguments() {
    switch (call_.kind) {
      case CallKind::open: return draw_open();
      case CallKind::write: return draw_write();
      case CallKind::read: return draw_range(random_.chance(25) ? gap_bytes_max : 0);
      case CallKind::store:
      case CallKind::store_and_sync:
      case CallKind::sync_mapping:
      case CallKind::load: return draw_mapped();
      case CallKind::resize:
      case CallKind::resize_open: return draw_size();
      case CallKind::allocate: return draw_allocate();
      case CallKind::rename:
      case CallKind::link:
      case CallKind::unlink: return draw_names();
      case CallKind::copy:
      case CallKind::send: return draw_copy();
      case CallKind::close:
      case CallKind::sync:
      case CallKind::sync_data: return;
    }
  }

  void draw_open() {
    call_.name = random_.pick(file_names);
    if (random_.chance(70)) call_.flags |= O_CREAT;
    if ((call_.flags & O_CREAT) != 0 && random_.chance(10)) call_.flags |= O_EXCL;
    if (random_.chance(25)) call_.flags |= O_DIRECT;
    const auto access = random_.below(100);
    if (access < 15) {
      call_.flags |= O_RDONLY;
      return;
    }
    call_.flags |= access < 25 ? O_WRONLY : O_RDWR;
    // Appending begins wherever the file ends, which O_DIRECT does not allow everywhere.
    if ((call_.flags & O_DIRECT) == 0 && random_.chance(12)) call_.flags |= O_APPEND;
    if (random_.chance(6)) call_.flags |= O_TRUNC;
    if (random_.chance(3)) call_.flags |= O_DSYNC;
  }

  std::uint64_t draw_length() {
    const auto least = std::uint64_t{1} << static_cast<std::uint64_t>(random_.between(0, length_bits_max));
    return least + random_.below(least);
  }

  /// Somewhere in the first `end` bytes, often at a border of pages or at the end.
  std::uint64_t draw_offset(std::uint64_t end) {
    const auto how = random_.below(8);
    if (how == 0) return end;
    const std::uint64_t offset = random_.below(end + 1);
    if (how > 2) return offset;
    const std::uint64_t border = offset / page_bytes * page_bytes;
    return how == 1 || border == 0 ? border : border - 1;
  }

  /// Of the open file; begins at most `beyond` after its end.
  void draw_range(std::uint64_t beyond) {
    call_.offset = draw_offset(std::min(size() + random_.below(beyond + 1), file_bytes_max - direct_alignment_bytes));
    call_.length = draw_length();
    if (opened_with(O_DIRECT)) align();
    call_.length = std::min(call_.length, file_bytes_max - call_.offset);
  }

  void align() {
    call_.offset = call_.offset / direct_alignment_bytes * direct_alignment_bytes;
    call_.length = (call_.length / direct_alignment_bytes + 1) * direct_alignment_bytes;
  }

  void draw_write() {
    draw_range(random_.chance(20) ? gap_bytes_max : 0);
    call_.zeros = random_.one_in(16);
    // Parts of a direct write may arrive in any order; those of another follow each other.
    if (!opened_with(O_DIRECT) && random_.one_in(long_write)) {
      call_.length = std::min(draw_length() + random_.below(long_write_bytes_max), file_bytes_max - call_.offset);
    }
    if (opened_with(O_APPEND)) call_.length = std::min(call_.length, file_bytes_max - size());
    if (call_.length != 0) return;
    call_.kind = CallKind::resize_open;
    draw_size();
  }

  void draw_mapped() {
    call_.offset = draw_offset(size() - 1);
    call_.length = std::min(draw_length(), size() - call_.offset);
    call_.zeros = random_.one_in(16);
  }

  void draw_size() {
    call_.name = random_.pick(file_names);
    const std::uint64_t before = call_.kind == CallKind::resize_open ? size() : gap_bytes_max;
    const bool grows = random_.chance(30);
    call_.length = std::min(grows ? before + draw_length() : draw_offset(before), file_bytes_max);
  }

  void draw_allocate() {
    draw_range(random_.chance(30) ? gap_bytes_max : 0);
    constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    call_.flags = random_.pick(std::array{punch, punch, FALLOC_FL_ZERO_RANGE, 0, FALLOC_FL_KEEP_SIZE,
                                          FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE});
  }

  void draw_names() {
    const std::size_t first = random_.below(file_names.size());
    const std::size_t other = (first + 1 + random_.below(file_names.size() - 1)) % file_names.size();
    call_.name = file_names.at(first);
    call_.new_name = file_names.at(other);
    if (call_.kind == CallKind::rename)
      call_.flags = random_.pick(std::array{0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE});
  }

  void draw_copy() {
    draw_range(0);
    // What the call itself adds to the file is not copied.
    call_.length = std::min(call_.length, size() - std::min(call_.offset, size()));
    call_.target_slot = random_.below(slots);
    const OpenFile& target = tree_.open_file(call_.target_slot);
    const bool takes = target.writable() && (target.flags & (O_APPEND | O_DIRECT)) == 0;
    if (takes)
      call_.target_offset = draw_offset(std::min(target.file->size() + random_.below(page_bytes), file_bytes_max - 1));
    call_.length = takes ? std::min(call_.length, file_bytes_max - call_.target_offset) : call_.length;
    const bool apart =
        call_.offset + call_.length <= call_.target_offset || call_.target_offset + call_.length <= call_.offset;
    if (!takes || call_.length == 0 || (target.file == open_file().file && !apart)) call_.kind = CallKind::read;
  }

  sim::Random random_;
  const TreeModel& tree_;
  Call call_;
};

}  // namespace

Call draw_call(std::uint64_t seed, std::uint64_t number, const TreeModel& tree) {
  return Draw(seed, number, tree).run();
}

}  // namespace lockstep::exerciser

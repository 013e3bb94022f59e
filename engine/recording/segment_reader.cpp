#include "engine/recording/segment_reader.h"

#include "engine/recording/block.h"
#include "engine/recording/event_codec.h"
#include "engine/recording/recorder.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace lockstep::recording {

namespace {
constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max();
}  // namespace

SegmentReader::SegmentReader(Buffer file) : file_(std::move(file)) {
  const std::optional<FileHeader> found = read_file_header(file_);
  if (!found) {
    error_ = file_.size() < file_header_bytes ? "it is empty or ends within its first bytes"
                                              : "it is not a recording of Lockstep";
    return;
  }
  if (found->version != format_version) {
    error_ = "it has format " + std::to_string(found->version) + ", and this program reads format " +
             std::to_string(format_version) + ": use the lockstep-sim of the release that recorded it";
    return;
  }
  const std::optional<Block> first = read_block(file_, file_header_bytes, found->life);
  const std::optional<SegmentHeader> header = first ? decode_header(first->contents) : std::nullopt;
  if (!header || header->life.life != found->life) {
    error_ = "its header is damaged or was not written completely";
    return;
  }
  header_ = *header;
  offset_ = first->end;
  next_block_ = first->number + 1;
  events_ = header_.position.events;
  at_ = header_.position.at;
}

bool SegmentReader::begin_block() {
  std::optional<Block> block = read_block(file_, offset_, header_.life.life);
  if (!block || block->number != next_block_) {
    ended_ = true;
    if (block || block_follows(file_, offset_, header_.life.life)) {
      ending_ = Ending::damaged;
    } else if (offset_ < file_.size()) {
      ending_ = Ending::torn;
    }
    return false;
  }
  block_begin_ = offset_;
  offset_ = block->end;
  ++next_block_;
  block_.emplace(std::move(block->contents), header_.life.payloads);
  // A block begins where the one before it ended, in its events and in time: an engine is never stepped back in time.
  std::uint64_t before = 0;
  Instant at;
  (*block_)(before, at);
  return !block_->failed() && before == events_ && at == at_ ? true : malformed().has_value();
}

std::optional<Record> SegmentReader::malformed() {
  offset_ = block_begin_;
  ending_ = Ending::damaged;
  ended_ = true;
  return std::nullopt;
}

std::optional<Record> SegmentReader::next() {
  if (ended_ || (!block_ && !begin_block())) return std::nullopt;
  std::optional<Record> record = read_record();
  if (!record || block_->failed()) return malformed();
  if (std::holds_alternative<EndOfBlock>(*record)) {
    if (!block_->at_end()) return malformed();
    block_.reset();
  }
  return record;
}

std::optional<Record> SegmentReader::read_record() {
  RecordReader& reader = *block_;
  const auto kind = static_cast<std::uint8_t>(reader.raw(1));
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::end_of_life: return EndOfLife{};
    case RecordKind::end_of_block: {
      EndOfBlock end{events_, reader.raw(8), 0};
      reader(end.calls);
      return end;
    }
  }
  RecordedEvent recorded;
  std::int64_t since_ns = 0;
  reader(since_ns);
  recorded.finished = (kind & unfinished_bit) == 0;
  std::optional<io::Event> event = read_event(kind & static_cast<std::uint8_t>(~unfinished_bit), reader);
  if (!event || since_ns < 0 || since_ns > time_max - std::max(at_.ns, std::int64_t{0})) return std::nullopt;
  recorded.event = std::move(*event);
  recorded.at = at_ = at_ + Duration{since_ns};
  recorded.number = ++events_;
  if (recorded.finished) {
    reader(recorded.calls);
    recorded.decisions = static_cast<std::uint16_t>(reader.raw(2));
  }
  return recorded;
}

}  // namespace lockstep::recording

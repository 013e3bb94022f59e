// Reads what a segment file holds, as far as it is whole.
#pragma once

#include "engine/recording/header.h"
#include "engine/recording/record_archive.h"
#include "io/events.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace lockstep::recording {

struct RecordedEvent {
  std::uint64_t number = 0;  ///< from 1
  Instant at;
  io::Event event;
  bool finished = true;         ///< false: the engine did not return from it, and the rest means nothing
  std::uint64_t calls = 0;      ///< that the engine made meanwhile
  std::uint16_t decisions = 0;  ///< short_hash() afterwards
};
struct EndOfLife {};
struct EndOfBlock {
  std::uint64_t events = 0;     ///< so many came before, since the life began
  std::uint64_t decisions = 0;  ///< the whole hash then; nothing to compare if the last event is unfinished
  std::uint64_t calls = 0;
};
using Record = std::variant<RecordedEvent, EndOfLife, EndOfBlock>;

class SegmentReader {
 public:
  explicit SegmentReader(Buffer file);

  /// Why nothing can be read from it, or empty. Then the other members have no meaning.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const SegmentHeader& header() const { return header_; }

  /// The next record; nothing at the end, whichever it is.
  std::optional<Record> next();

  enum class Ending : std::uint8_t {
    whole,    ///< with a whole block
    torn,     ///< with some bytes of a block that was not written completely
    damaged,  ///< before a block that is damaged; whole ones follow it
  };
  [[nodiscard]] Ending ending() const { return ending_; }
  /// Bytes of the file that were not used.
  [[nodiscard]] std::size_t bytes_left() const { return file_.size() - offset_; }
  /// How many events came until here since the life began, and the number of the next block.
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// When the last of them came.
  [[nodiscard]] Instant at() const { return at_; }
  [[nodiscard]] std::uint64_t next_block() const { return next_block_; }

 private:
  bool begin_block();
  std::optional<Record> read_record();
  std::optional<Record> malformed();

  Buffer file_;
  std::string error_;
  SegmentHeader header_;
  std::size_t offset_ = 0;       ///< of the next block
  std::size_t block_begin_ = 0;  ///< of the present one
  std::optional<RecordReader> block_;
  std::uint64_t next_block_ = 0;
  std::uint64_t events_ = 0;
  Instant at_;
  Ending ending_ = Ending::whole;
  bool ended_ = false;
};

}  // namespace lockstep::recording

// Writes down what an engine is told and a hash of what it asked for. Pure: gives the contents of blocks, which
// somebody else keeps.
//
// Contents of a block: how many events came before and the time of the last of them, then records. A record is a byte
// for its kind (an event's number, or one of RecordKind), for an event the time since the one before, its fields, the
// count of calls that the engine made meanwhile, and 16 bits of the hash. The last record is end_of_block with the
// whole hash.
#pragma once

#include "engine/recording/decisions.h"
#include "engine/recording/header.h"
#include "engine/recording/record_archive.h"
#include "io/events.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::recording {

enum class RecordKind : std::uint8_t {
  end_of_life = 0x41,   ///< the program ended in order
  end_of_block = 0x42,  ///< the hash (8 bytes) and the count of calls
};
/// On an event's number: the engine did not return from it, so no count and no hash follow.
inline constexpr std::uint8_t unfinished_bit = 0x80;

constexpr std::uint16_t short_hash(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48U); }

class Recorder {
 public:
  Recorder(Payloads payloads, ElisionKey key) : writer_(payloads, key) {}

  /// What the taps write to.
  Decisions& decisions() { return decisions_; }

  /// Before and after the engine's step. `given_up`: it gave up a connection.
  void begin(Instant now, const io::Event& event);
  void end(bool given_up);
  /// The program ends in order; no event follows.
  void end_life();

  /// Where the next event stands.
  [[nodiscard]] Position position() const { return {events_, at_, decisions_.value(), decisions_.calls()}; }
  /// The engine's state as the segment that begins now has it in its header. Between steps.
  Buffer snapshot(const auto& engine) const {
    RecordWriter writer(writer_.elides() ? Payloads::elided : Payloads::full, writer_.key());
    engine.save(writer);
    return Buffer(std::move(writer.bytes));
  }
  [[nodiscard]] bool empty() const { return writer_.bytes.empty(); }
  [[nodiscard]] std::size_t pending_bytes() const { return writer_.bytes.size(); }
  /// The records since the last call as a block's contents. Between steps, or from a failed check within one.
  std::vector<std::byte> seal();

 private:
  void open_block();

  RecordWriter writer_;
  Decisions decisions_;
  std::uint64_t events_ = 0;
  Instant at_;
  std::uint64_t calls_before_ = 0;
  bool stepping_ = false;
  std::size_t event_offset_ = 0;   ///< of the event that is being dealt with
  std::size_t fields_offset_ = 0;  ///< and of its fields
  io::FrameArrived frame_;         ///< if it is one: whether it is damaged shows afterwards
  bool frame_pending_ = false;
};

/// One step of an engine between its taps, recorded.
template <typename Engine, typename Taps>
void recorded_step(Engine& engine, const Taps& taps, Recorder& recorder, Instant now, io::Event event) {
  const std::uint64_t resets = taps.link().resets();
  recorder.begin(now, event);
  engine.step(now, std::move(event));
  recorder.end(taps.link().resets() != resets);
}

}  // namespace lockstep::recording

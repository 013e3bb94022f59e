// Keeps what one engine is told and decides on disk, so that an incident can be replayed with lockstep-sim. The
// engine's thread only puts records into memory; a thread of the recorder's own compresses, writes and syncs them.
#pragma once

#include "engine/recording/recorder.h"
#include "io/report.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lockstep::io {
class EventLoop;
}

namespace lockstep::prod {

struct FlightRecorderOptions {
  std::string directory;
  std::uint64_t bytes_max = 0;
  recording::LifeHeader header;  ///< the number of the life and the time are put in
};

/// Made before the loop runs, destroyed after it has ended; in between used on the loop's thread only. Nothing of it
/// waits for the disk. If that fails or does not keep up, events are left out: a new segment then begins, and its
/// header shows how many.
class FlightRecorder {
 public:
  FlightRecorder(io::EventLoop& loop, FlightRecorderOptions options, io::Report report);
  /// The engine is gone in order: what is in memory is written, and that this was the end.
  ~FlightRecorder();
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  [[nodiscard]] recording::Recorder& recorder();

  struct Figures {
    std::uint64_t written_bytes = 0;
    std::uint64_t segments = 0;
    std::uint64_t failures = 0;  ///< of the disk
    bool recording = true;       ///< no events are being left out
  };
  [[nodiscard]] Figures figures() const;
  /// What the engine's state is, between two steps: each segment begins with it.
  void set_snapshot(std::function<Buffer()> snapshot);
  /// After each step.
  void stepped() {
    if (recorder_->pending_bytes() >= block_bytes) hand_over();
  }

  /// A failed check anywhere in this process still writes down the event in which it failed, before the process ends.
  static void write_last_words_on_failure();

 private:
  /// A block is handed to the writer when it has this size, or when its time has come.
  static constexpr std::size_t block_bytes = std::size_t{64} << 10U;

  class Impl;
  void hand_over();

  std::unique_ptr<Impl> impl_;
  recording::Recorder* recorder_;
};

}  // namespace lockstep::prod

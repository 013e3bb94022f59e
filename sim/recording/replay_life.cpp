#include "sim/recording/replay_life.h"

#include "engine/recording/recorder.h"
#include "engine/recording/segment_reader.h"
#include "sim/overloaded.h"
#include "sim/recording/replayed_engine.h"
#include "sim/world/describe.h"

#include <cstdio>
#include <memory>

namespace lockstep::sim {

namespace {

using recording::SegmentReader;

std::string hexadecimal(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

class LifeReplay {
 public:
  /// Keeps the calls of event number `examined` in words.
  LifeReplay(const SegmentSource& source, const ReplayOptions& options, std::uint64_t examined)
      : source_(source), log_(options.log), renew_(options.renew), examined_(examined) {}

  ReplayResult run() {
    bool goes_on = open_segment();
    while (goes_on) goes_on = read_segment() && open_segment();
    if (engine_) {
      result_.decisions = engine_->decisions().value();
      if (!stopped_) result_.status = engine_->status();
    }
    if (!result_.divergence && result_.reason.empty()) result_.verdict = ReplayResult::Verdict::equal;
    if (result_.divergence) result_.verdict = ReplayResult::Verdict::diverged;
    return std::move(result_);
  }

 private:
  /// False: there is none, or none that follows on what was read.
  bool open_segment() {
    const std::optional<Buffer> file = source_(result_.segments);
    if (!file) {
      if (result_.segments == 0) return unusable("there is no segment");
      if (result_.ending.empty()) {
        result_.ending = "the recording ends without a word: the process was killed, lost its power, or still runs";
      }
      return false;
    }
    auto next = std::make_unique<SegmentReader>(*file);
    if (!next->error().empty()) {
      const std::string what = "segment " + std::to_string(result_.segments) + ": " + next->error();
      // A power cut may leave the newest segment without its beginning.
      const bool last = !source_(result_.segments + 1);
      if (result_.segments == 0 || !last) return unusable(what);
      result_.ending = "the recording ends torn: of the last segment not even the header is whole";
      return false;
    }
    const recording::SegmentHeader& header = next->header();
    if (result_.segments == 0) {
      result_.header = header.life;
      result_.first_event = header.position.events + 1;
      begin(header);
    } else if (header.life.life != result_.header.life || header.position.events < reader_->events() ||
               header.position.at < reader_->at()) {
      return unusable("segment " + std::to_string(header.segment) + " does not follow on the one before it");
    } else if (header.position.events > reader_->events()) {
      result_.gaps.push_back(std::to_string(header.position.events - reader_->events()) + " events before event " +
                             std::to_string(header.position.events + 1) +
                             " are missing: the disk failed or did not keep up, or a segment was removed");
      write("!", result_.gaps.back());
      begin(header);
    } else if (renew_ && !stopped_) {
      begin(header);
    }
    reader_ = std::move(next);
    result_.ending.clear();
    ++result_.segments;
    return true;
  }

  void begin(const recording::SegmentHeader& header) {
    engine_.emplace(header.life.kind, header.life.settings, result_.roles,
                    [this](const std::string& text) { write("*", text); });
    if (header.position.events == 0 || engine_->restore(header)) return;
    engine_.reset();
    const bool other = header.life.engine_build != recording::engine_build();
    unusable("the engine's state at the beginning of segment " + std::to_string(header.segment) + " cannot be read" +
             (other ? ", because it is that of another engine: use the lockstep-sim of that release" : ""));
  }

  bool read_segment() {
    while (std::optional<recording::Record> record = reader_->next()) {
      const bool goes_on = std::visit(Overloaded{[this](recording::RecordedEvent& event) { return replay(event); },
                                                 [this](recording::EndOfLife&) { return end_life(); },
                                                 [this](recording::EndOfBlock& end) { return compare(end); }},
                                      *record);
      if (!goes_on) return false;
    }
    if (reader_->ending() == SegmentReader::Ending::damaged) {
      return unusable("it is damaged " + std::to_string(reader_->bytes_left()) + " bytes before the end of segment " +
                      std::to_string(reader_->header().segment) + "; what follows is not used");
    }
    if (reader_->ending() == SegmentReader::Ending::torn) {
      result_.ending = "the recording ends torn, as a power cut leaves it: " + std::to_string(reader_->bytes_left()) +
                       " bytes of a block that is not whole are not used";
    }
    return true;
  }

  bool replay(recording::RecordedEvent& recorded) {
    if (result_.events == 0 && result_.began == Instant{}) result_.began = recorded.at;
    result_.ended = recorded.at;
    if (log_ != nullptr) write("<", describe_event(recorded.event));
    if (!engine_ || stopped_) return log_ != nullptr;
    ++result_.events;
    event_ = recorded.number;
    const bool examined = recorded.number == examined_;
    if (examined) {
      engine_->keep_calls();
      text_ = describe_event(recorded.event);
    }
    recording::Decisions& decisions = engine_->decisions();
    const std::uint64_t calls = decisions.calls();
    const std::optional<std::string> failed = engine_->step(recorded.at, std::move(recorded.event));
    stopped_ = failed.has_value();
    if (!recorded.finished) return unfinished(failed);
    if (failed) return diverge("the replayed engine stops here, the recorded one did not: " + *failed);
    const std::uint64_t made = decisions.calls() - calls;
    if (made != recorded.calls) {
      return diverge("the recorded engine asked for " + std::to_string(recorded.calls) +
                     " things, the replayed one for " + std::to_string(made));
    }
    if (recording::short_hash(decisions.value()) != recorded.decisions) {
      return diverge("as many things were asked for, but not the same ones");
    }
    return true;
  }

  bool unfinished(const std::optional<std::string>& failed) {
    unfinished_ = true;
    result_.ending =
        failed ? "the program stopped itself in the last event, and the replayed engine stops there too: " + *failed
               : "the program ended in the midst of the last event, for a reason outside of the engine";
    return true;
  }

  bool compare(const recording::EndOfBlock& end) {
    if (!engine_ || stopped_ || unfinished_) return true;
    recording::Decisions& decisions = engine_->decisions();
    if (end.decisions == decisions.value() && end.calls == decisions.calls()) return true;
    return diverge("the whole hash is " + hexadecimal(decisions.value()) + " instead of " + hexadecimal(end.decisions));
  }

  bool end_life() {
    result_.ending = "the recording is complete: the program ended in order";
    return true;
  }

  bool diverge(std::string difference) {
    result_.divergence = {event_, result_.ended, text_, std::move(difference), engine_->take_calls()};
    stopped_ = true;
    return log_ != nullptr;
  }

  bool unusable(std::string reason) {
    if (result_.reason.empty()) result_.reason = std::move(reason);
    return false;
  }

  void write(const char* mark, const std::string& text) {
    if (log_ == nullptr) return;
    char stamp[48];
    const std::int64_t ns = (result_.ended - result_.began).ns;
    std::snprintf(stamp, sizeof stamp, "%12.6f ", static_cast<double>(ns) / 1e9);
    *log_ << stamp << mark << ' ';
    for (const char c : text) *log_ << (c == '\n' ? ' ' : c);
    *log_ << '\n';
  }

  const SegmentSource& source_;
  std::ostream* log_;
  const bool renew_;
  const std::uint64_t examined_;
  ReplayResult result_;
  std::unique_ptr<SegmentReader> reader_;
  std::optional<ReplayedEngine> engine_;
  std::uint64_t event_ = 0;
  std::string text_;
  bool stopped_ = false;     ///< the replayed engine takes no further event
  bool unfinished_ = false;  ///< the recorded one had none after this
};

}  // namespace

ReplayResult replay_life(const SegmentSource& source, const ReplayOptions& options) {
  ReplayResult result = LifeReplay(source, options, 0).run();
  if (!result.divergence) return result;
  // Once more, to say what the engine does in that event: words for all of them would take too long.
  ReplayResult examined = LifeReplay(source, {nullptr, options.renew}, result.divergence->event).run();
  if (examined.divergence) result.divergence = std::move(examined.divergence);
  return result;
}

}  // namespace lockstep::sim

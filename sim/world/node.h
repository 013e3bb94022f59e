// One of the two servers: a NodeEngine behind simulated ports.
#pragma once

#include "engine/node_engine.h"
#include "engine/recording/taps.h"
#include "sim/ports/application.h"
#include "sim/ports/background.h"
#include "sim/ports/checks.h"
#include "sim/ports/console.h"
#include "sim/ports/journal.h"
#include "sim/ports/link.h"
#include "sim/ports/mount.h"
#include "sim/ports/seat.h"
#include "sim/ports/timers.h"
#include "sim/ports/touch_log.h"
#include "sim/recording/recorded_lives.h"
#include "sim/volume/volume.h"
#include "sim/world/machine.h"
#include "sim/world/tracer.h"

#include <memory>
#include <optional>

namespace lockstep::sim {

class Node : public Machine {
 public:
  /// `seated`: a life of the witness is in this node's program.
  Node(NodeId id, const engine::Settings& settings, Scheduler& scheduler, Random random, DriftingClock clock,
       Observer& observer, bool seated);

  [[nodiscard]] NodeId id() const { return node_at(place()); }
  [[nodiscard]] const engine::Settings& settings() const { return settings_; }
  /// Only while running.
  [[nodiscard]] engine::Condition condition() const { return engine_->condition(); }
  [[nodiscard]] engine::Status status() const { return engine_->status(); }

  SimLink& link() { return link_; }
  SimVolume& volume() { return volume_; }
  [[nodiscard]] const SimVolume& volume() const { return volume_; }
  SimJournal& journal() { return journal_; }
  [[nodiscard]] const SimJournal& journal() const { return journal_; }
  SimTouchLog& touches() { return touches_; }
  [[nodiscard]] const SimTouchLog& touches() const { return touches_; }
  SimMount& mount() { return mount_; }
  [[nodiscard]] const SimMount& mount() const { return mount_; }
  [[nodiscard]] const SimTimers& timers() const { return timers_; }
  SimTimers& timers() { return timers_; }
  [[nodiscard]] const SimApplication& application() const { return application_; }
  SimApplication& application() { return application_; }
  SimChecks& checks() { return checks_; }
  SimConsole& console() { return console_; }
  /// Its mount is open, or held, and its application has started.
  [[nodiscard]] bool serves() const { return (mount_.is_open() || mount_.is_held()) && application_.started(); }
  /// When its process ends next, and not by a loss of power, what it serves outlives it, if it serves.
  void keep_service() { keeps_service_ = true; }
  /// Every life from now on is recorded there; null: none is.
  void record(RecordedLives* lives) { recorded_ = lives; }

 protected:
  [[nodiscard]] bool can_begin() const override { return journal_.readable(); }
  io::Booted begin_life() override;
  void end_life(bool power_lost) override;
  void step(io::Event event) override;

 private:
  /// A volume's view of the observers, by node.
  class VolumeTap : public VolumeObserver {
   public:
    explicit VolumeTap(Observer& observer) : observer_(observer) {}
    void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
                 bool replicated) override {
      observer_.applied(node, sequence, effect, origin, replicated);
    }
    void rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) override {
      observer_.rotted(node, file, offset, length);
    }

   private:
    Observer& observer_;
  };

  void step_engine(io::Event event);

  engine::Settings settings_;
  bool seated_;
  VolumeTap tap_;
  Tracer tracer_;
  Tracer witness_tracer_;
  SimTimers timers_;
  SimLink link_;
  SimJournal journal_;
  SimTouchLog touches_;
  SimVolume volume_;
  SimMount mount_;
  SimApplication application_;
  SimChecks checks_;
  SimConsole console_;
  SimBackground background_;
  bool keeps_service_ = false;
  bool volume_retained_ = true;  ///< what the next Booted says
  RecordedLives* recorded_ = nullptr;
  recording::Recorder* recorder_ = nullptr;  ///< of this life
  std::optional<recording::NodeTaps> taps_;
  std::unique_ptr<engine::NodeEngine> engine_;
  std::optional<SimSeat> seat_;
};

}  // namespace lockstep::sim

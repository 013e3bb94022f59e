// io::Volume over the simulated filesystem and disk: takes effect in the order of the calls, after random times.
#pragma once

#include "engine/values/node_id.h"
#include "io/volume.h"
#include "sim/host.h"
#include "sim/volume/disk.h"
#include "sim/volume/filesystem.h"
#include "sim/volume/observer.h"

namespace lockstep::sim {

class SimVolume : public io::Volume {
 public:
  /// Ranges of the random times, in nanoseconds.
  struct Speed {
    Time apply_max = 200 * one_us;
    Time stall_max = 30 * one_ms;  ///< one operation in `stall_one_in` waits up to this long
    std::uint64_t stall_one_in = 200;
    Time sync_max = 8 * one_ms;
    Time sync_stall_max = 500 * one_ms;  ///< one sync in `sync_stall_one_in` takes up to this long
    std::uint64_t sync_stall_one_in = 15;
  };

  SimVolume(NodeId node, Host& host, Random random, VolumeObserver& observer);

  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override;
  void sync(Ticket ticket, FileId file, bool data_only) override;
  void scan(Ticket ticket) override;
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override;
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length) override;

  [[nodiscard]] Filesystem& filesystem() { return filesystem_; }
  [[nodiscard]] const Filesystem& filesystem() const { return filesystem_; }
  [[nodiscard]] const Disk& disk() const { return disk_; }
  [[nodiscard]] Speed& speed() { return speed_; }
  /// Calls that have not taken effect yet.
  [[nodiscard]] std::size_t queued() const { return queued_; }

  /// The process ended: queued calls never take effect.
  void process_ended();
  void power_lost(Random& random);
  /// What a mount does as it is walked through: objects without an identity get one.
  void identify_all();
  /// What is on the volume before the first start is on disk.
  void settle();
  /// A disk that says "synced" without having synced (planted).
  void lie_about_sync(bool lie) { lies_about_sync_ = lie; }
  /// A filesystem that reports success without applying, now and then (planted).
  void forget_operations(bool forget) { forgets_operations_ = forget; }

 private:
  /// Runs `effect` at its turn.
  void in_turn(std::function<void()> effect);
  Time completion();
  [[nodiscard]] std::int64_t wall_clock_ns() const;

  NodeId node_;
  Host& host_;
  Random random_;
  VolumeObserver& observer_;
  Speed speed_;
  Disk disk_;
  Filesystem filesystem_;
  std::size_t queued_ = 0;
  Time last_turn_ = 0;
  Time last_completion_ = 0;
  bool lies_about_sync_ = false;
  bool forgets_operations_ = false;
};

}  // namespace lockstep::sim

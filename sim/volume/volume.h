// io::Volume over the simulated filesystem and disk: takes effect in the order of the calls, after random times.
#pragma once

#include "engine/values/node_id.h"
#include "io/volume.h"
#include "sim/host.h"
#include "sim/volume/disk.h"
#include "sim/volume/filesystem.h"
#include "sim/volume/observer.h"
#include "sim/volume/trouble.h"

#include <deque>

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

    /// As a busy disk is, or a large tree.
    static Speed slow() {
      return {.apply_max = 5 * one_ms,
              .stall_max = 200 * one_ms,
              .stall_one_in = 10,
              .sync_max = 100 * one_ms,
              .sync_stall_max = 500 * one_ms,
              .sync_stall_one_in = 5};
    }
  };

  SimVolume(NodeId node, Host& host, Random random, VolumeObserver& observer);

  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override;
  void sync(Ticket ticket, FileId file, bool data_only) override;
  void scan(Ticket ticket) override;
  void survey(Ticket ticket, const SurveyRequest& request) override;
  void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) override;
  void identify_in(Period period) override { filesystem_.identify_in(period); }
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override;
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk_bytes) override;
  void set_aside(Ticket ticket, FileId object, const Conflict& conflict) override;

  /// What was set aside, by conflict and object. All of it is on disk.
  using Kept = std::map<std::pair<std::uint64_t, FileId>, InodeState>;
  [[nodiscard]] const Kept& kept() const { return kept_; }

  [[nodiscard]] Filesystem& filesystem() { return filesystem_; }
  [[nodiscard]] const Filesystem& filesystem() const { return filesystem_; }
  [[nodiscard]] const Disk& disk() const { return disk_; }
  [[nodiscard]] Speed& speed() { return speed_; }
  [[nodiscard]] Trouble& trouble() { return trouble_; }
  /// From now on nothing takes effect and nothing is answered, until resume(): then all of it, in order.
  void hang() { hangs_ = true; }
  void resume();
  [[nodiscard]] bool hangs() const { return hangs_; }
  /// Flips one bit of what is on disk, un-noticed, if there is anything.
  void rot();
  /// A sector of what is on disk, if there is anything, cannot be read until it is written anew.
  void spoil_sector();
  /// Calls that have not taken effect yet.
  [[nodiscard]] std::size_t queued() const { return queued_; }

  /// The process has begun: Indexed will follow.
  void begin_index();
  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  /// The process ended: queued calls never take effect.
  /// `kept`: files that have lost their last name stay open.
  void process_ended(bool kept = false);
  void power_lost(Random& random);
  /// Since the machine has had power.
  [[nodiscard]] std::uint64_t failed_syncs() const { return failed_syncs_; }
  /// Identity of the directory, as the engine is told at its start.
  [[nodiscard]] std::uint64_t tree() const { return tree_; }
  /// All that a copy of the disk would hold.
  struct Copy {
    std::map<InodeNumber, Inode> inodes;
    std::uint64_t tree = 0;
    Kept kept = {};
  };
  [[nodiscard]] Copy copy() const { return {filesystem_.inodes(), tree_, kept_}; }
  /// The disk is exchanged for one that holds this; only while no process runs.
  void exchange(const Copy& copy);
  /// A new disk; `random` makes its directory another one than every other.
  static Copy blank(std::uint64_t random);

  /// What the next power loss leaves, instead of what is drawn.
  void decide_landing(const Landing& landing) { landing_ = landing; }
  /// What a mount does as it is walked through: objects without an identity get one.
  void identify_all();
  void step_wall_clock(Time by) { wall_clock_off_by_ += by; }
  /// What is on the volume before the first start is on disk.
  void settle();
  /// Whatever is asked for by `origin` fails with that errno and changes nothing; 0: no more.
  void refuse(io::Origin origin, int error) { refusals_[static_cast<std::size_t>(origin)] = error; }
  /// The next sync fails with EIO.
  void fail_next_sync() { sync_fails_next_ = true; }
  /// A disk that says "synced" without having synced (planted).
  void lie_about_sync(bool lie) { lies_about_sync_ = lie; }
  /// A directory's fsync that leaves its names where they are (planted).
  void skip_directory_sync(bool skip) { skips_directory_sync_ = skip; }
  /// A disk that says "set aside" before the copy is there (planted).
  void set_aside_early(bool early) { sets_aside_early_ = early; }
  /// A filesystem that reports success without applying, now and then (planted).
  void forget_operations(bool forget) { forgets_operations_ = forget; }
  void forget_what_was_done(bool forget) { forgets_what_was_done_ = forget; }

 private:
  struct Turn {
    /// What a resync brings, whose order the contract leaves open in part.
    enum class Beside : std::uint8_t { nothing, contents, name };
    std::function<void()> effect;
    FileId file = FileId::none();  ///< whose contents it brings
    Beside beside = Beside::nothing;
    /// Of a name: it takes effect although contents are before it, and is told of at its turn. Whether it has worked.
    std::function<bool()> early;
  };
  /// Runs `effect` at its turn.
  void in_turn(std::function<void()> effect);
  void in_turn(Turn turn);
  void overtake_contents();
  void tell(Ticket ticket, ApplyResult result);
  /// Runs what is due, as far as the disk does not hang.
  void take_turns();
  [[nodiscard]] bool refused(const Trouble::Refusal& refusal);
  /// Whether the write is cut short, and then to how many bytes.
  [[nodiscard]] std::optional<std::size_t> cut_short(const Operation& operation);
  void forget_calls();
  [[nodiscard]] std::vector<InodeNumber> files_on_disk() const;
  ApplyResult misdirect(const Operation& operation, io::Origin origin, std::uint64_t sequence);
  ApplyResult run(const Operation& operation, io::Origin origin, std::uint64_t sequence);
  /// Runs `finish` at that time, or when the disk does not hang any more.
  void when_the_disk_is_done(Time done, std::function<void()> finish);
  void scan_in_turn(Ticket ticket);
  void tell_in_parts(Ticket ticket, Manifest whole);
  void copy_aside(Ticket ticket, FileId object, std::uint64_t conflict);
  Time completion();
  [[nodiscard]] std::int64_t wall_clock_ns() const;

  NodeId node_;
  Host& host_;
  Random random_;
  VolumeObserver& observer_;
  Speed speed_;
  Disk disk_;
  Filesystem filesystem_;
  std::uint64_t tree_;
  Time wall_clock_off_by_ = 0;
  Trouble trouble_;
  Random trouble_random_;
  Random parts_random_;
  Random overtaking_random_;
  bool stream_broken_ = false;  ///< an operation of the stream has failed; none follows it
  bool hangs_ = false;
  std::size_t queued_ = 0;
  std::size_t due_ = 0;  ///< of `turns_`, those whose time has come
  std::deque<Turn> turns_;
  std::deque<std::function<void()>> disk_held_;
  Time last_turn_ = 0;
  Time last_completion_ = 0;
  std::array<int, 2> refusals_{};
  bool sync_fails_next_ = false;
  std::uint64_t failed_syncs_ = 0;
  bool lies_about_sync_ = false;
  bool skips_directory_sync_ = false;
  bool forgets_operations_ = false;
  bool forgets_what_was_done_ = false;
  bool sets_aside_early_ = false;
  Kept kept_;
  std::optional<Landing> landing_;
};

}  // namespace lockstep::sim

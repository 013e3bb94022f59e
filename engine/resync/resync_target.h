// The returning node's side of a resync: makes its names and attributes those of the primary, then pulls what differs
// in the contents, while the primary's live operations are applied in between, in order. What the primary may not have
// is set aside before anything is changed.
#pragma once

#include "engine/context.h"
#include "engine/replication/replica_stream.h"
#include "engine/resync/keeper.h"
#include "engine/resync/progress.h"
#include "engine/resync/resync_course.h"

#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace lockstep::engine {

class ResyncTarget : private ReplicaStream::ResyncListener {
 public:
  ResyncTarget(Context& context, ReplicaStream& stream) : context_(context), stream_(stream), keeper_(context) {}

  enum class Outcome {
    none,           ///< not this resync's event, or nothing to do
    progress,       ///< goes on
    begins,         ///< the first part of the manifest: the tree becomes a mixture as soon as tree_marked() is called
    planned,        ///< may go on with planned_listed() once to_list() is listed durably
    misfit,         ///< what was listed does not cover what differs: everything has to be compared
    data_complete,  ///< everything is applied and on disk: to be recorded, then told to the primary
    failed,         ///< cannot go on; `error()` says why
  };

  /// The primary has agreed to a resync in `reign`. Without `compare`, every region is asked for and written anew,
  /// even where it reads the same: what this node reads may not be on its disk.
  void expect(Epoch reign, bool compare);
  /// The same for a part of the trees. `own`: what this node has listed, as the primary was told.
  void expect_part(Epoch reign, std::vector<Touch> own, Period young_from);
  [[nodiscard]] bool partial() const { return partial_; }
  /// After `begins`: the tree is a part of a history that does not go on, so what it holds is kept aside first.
  void keep(const Conflict& conflict) { keeper_.expect(conflict); }
  void abandon();
  [[nodiscard]] Epoch reign() const { return reign_; }
  [[nodiscard]] bool active() const { return stage_ != Stage::idle; }
  [[nodiscard]] bool finished() const { return stage_ == Stage::finished; }
  /// What comes next must come from the primary, and soon.
  [[nodiscard]] bool waits_for_primary() const {
    const bool names_wait = stage_ == Stage::naming && plan_in_flight_.empty();
    return stage_ == Stage::receiving || names_wait || (stage_ == Stage::pulling && !pulls_answered());
  }

  Outcome manifest(const ManifestPart& part);
  /// The journal says durably that the tree is a mixture from now on.
  void tree_marked();
  [[nodiscard]] const std::vector<Touch>& to_list() const { return to_list_; }
  Outcome planned_listed();

  Outcome scanned(io::Scanned& event);
  Outcome work_done(const io::WorkDone& event);
  Outcome applied(const io::Applied& event);
  Outcome digested(const io::Digested& event);
  Outcome synced(const io::Synced& event);
  Outcome set_aside(const io::SetAside& event);
  /// After the stream applied something: whether that ended the resync.
  Outcome check();

  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const Keeper& keeper() const { return keeper_; }
  /// Of the present resync, or of the last one.
  [[nodiscard]] ResyncProgress progress() const;

  /// Whom the stream tells.
  ReplicaStream::ResyncListener& listener() { return *this; }
  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    const auto region_fields = [&archive](auto& region) {
      archive(region.file, region.offset, region.length);
      archive.ranged(region.by, PullRegion::By::nothing);
      archive(region.ends_file, region.created);
    };
    archive.ranged(self.stage_, Stage::finished);
    archive(self.reign_, self.compare_, self.partial_, self.marked_, self.received_, self.scan_, self.plot_, self.sync_,
            self.plan_next_, self.pull_number_);
    bool gathering = self.trees_ != nullptr;
    archive(gathering);
    if (gathering) trees_fields(self, archive);
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      const bool gathers = self.stage_ >= Stage::expecting && self.stage_ <= Stage::plotting;
      if (gathering != gathers || (gathering && self.trees_->part.has_value() != self.partial_)) archive.fail();
    }
    archive.list(self.plan_, [&archive](auto& operation) { recording::operation_fields(operation, archive); });
    archive.list(self.plan_in_flight_, [&archive](auto& ticket) { archive(ticket); });
    archive.list(self.regions_, region_fields);
    archive.table(self.let_go_, [&archive](auto& stretches) {
      archive.table(stretches, [&archive](auto& end) { archive(end); });
      if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
        if (stretches.empty()) archive.fail();
      }
    });
    archive.table(self.digesting_, region_fields);
    archive.table(self.pulling_, region_fields);
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      self.asked_bytes_ = 0;
      for (const auto& [ticket, region] : self.digesting_) self.asked_bytes_ += self.asked_bytes(region);
      for (const auto& [pull, region] : self.pulling_) self.asked_bytes_ += self.asked_bytes(region);
    }
    archive.list(self.to_list_, [&archive](auto& touch) { archive(touch); });
    Keeper::fields(self.keeper_, archive);
    archive.spoken(self.error_);
    archive(self.bytes_total_, self.bytes_left_, self.files_left_, self.bytes_copied_, self.bytes_compared_,
            self.pulls_began_, self.sync_ahead_, self.synced_bytes_);
  }

 private:
  enum class Stage {
    idle,
    expecting,
    receiving,
    scanning,
    plotting,
    listing,
    keeping,
    naming,
    releasing,
    pulling,
    syncing,
    finished
  };
  using Region = PullRegion;

  /// What is gathered, until a course is plotted from it.
  static void trees_fields(auto& self, auto& archive) {
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) self.trees_ = std::make_shared<ResyncTrees>();
    auto& trees = *self.trees_;
    recording::manifest_fields(trees.mine, archive);
    recording::manifest_fields(trees.theirs, archive);
    archive.maybe(trees.part, [&archive](auto& part) {
      archive(part.young_from);
      archive.list(part.touches, [&archive](auto& touch) { archive(touch); });
    });
  }

  [[nodiscard]] bool pulls_answered() const { return regions_.empty() && digesting_.empty() && pulling_.empty(); }
  void filled_region(std::size_t bytes) override;
  void pull_answered(std::uint64_t pull, std::uint64_t differing) override;
  void contents_let_go(FileId file, std::uint64_t offset, std::uint64_t length) override;
  void holds_back() override;
  void released() override;
  [[nodiscard]] bool syncs_later() const override;
  void refine(const Region& region, std::uint64_t differing);
  void begin_scan();
  void begin_survey();
  void plot();
  /// Sets aside what the plan may replace, then follows it.
  Outcome keep_then_follow_plan();
  Outcome follow_plan();
  [[nodiscard]] bool names_may_go_on() const;
  void submit_plan();
  void release();
  void pull_what_was_let_go();
  [[nodiscard]] std::uint32_t step_of(const Region& region) const;
  /// As Pull::bytes() of the pull that asks for it.
  [[nodiscard]] std::uint64_t asked_bytes(const Region& region) const;
  [[nodiscard]] bool may_ask(const Region& region) const;
  void submit_pulls();
  void sync_ahead();
  void ask(const Region& region, std::vector<std::uint64_t> digests);
  Outcome fail(std::string error);

  Context& context_;
  ReplicaStream& stream_;
  Keeper keeper_;
  Stage stage_ = Stage::idle;
  Epoch reign_;
  bool compare_ = true;
  bool partial_ = false;
  bool marked_ = false;
  bool received_ = false;
  std::shared_ptr<ResyncTrees> trees_;    ///< until a course is plotted; shared with who plots it, and unchanged then
  std::shared_ptr<ResyncCourse> course_;  ///< whoever plots it writes into it, until plot_ is told to be done
  Ticket scan_;
  Ticket plot_;
  std::vector<Operation> plan_;
  std::vector<Touch> to_list_;
  std::size_t plan_next_ = 0;
  std::deque<Ticket> plan_in_flight_;
  std::deque<Region> regions_;
  /// Contents that the stream has not kept: by file, where each stretch begins and ends. They do not touch each other.
  std::map<FileId, std::map<std::uint64_t, std::uint64_t>> let_go_;
  std::map<Ticket, Region> digesting_;
  std::map<std::uint64_t, Region> pulling_;  ///< by pull number
  std::uint64_t asked_bytes_ = 0;            ///< of what is being digested and pulled
  std::uint64_t pull_number_ = 0;
  Ticket sync_;
  std::string error_;
  std::uint64_t bytes_total_ = 0;
  std::uint64_t bytes_left_ = 0;
  std::uint64_t files_left_ = 0;
  std::uint64_t bytes_copied_ = 0;
  std::uint64_t bytes_compared_ = 0;
  Instant pulls_began_;             ///< the first of them; before that: Instant{}
  Ticket sync_ahead_;               ///< of what was copied so far; 0: none under way
  std::uint64_t synced_bytes_ = 0;  ///< bytes_copied_ when the last one began
};

}  // namespace lockstep::engine

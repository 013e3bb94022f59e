// What may differ from the other node because this one has changed it: hot while both are in sync, dirty while the
// other is out. One list, on disk before what it lists is changed (I7).
//
// Only the node that originates an operation lists it: between two nodes that is enough. What is listed already costs
// nothing; a created object is covered by its directory until the period of its creation ends.
#pragma once

#include "engine/context.h"
#include "engine/resync/touch.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace lockstep::engine {

/// Every touch in the bytes of a log, or nothing if they are none.
std::optional<std::vector<Touch>> decode_touches(const Buffer& bytes);

class TouchedSet {
 public:
  explicit TouchedSet(Context& context) : context_(context) {}

  /// What the log held at the start of the program, if it is `of_use`: what it lists may be relied on. `seed`: of
  /// identities. False if the log cannot be read.
  bool load(const io::LoggedTouches& log, bool of_use, std::uint64_t seed);

  // --- periods ---
  void begin_reign(Epoch reign) { period_ = reign.value << 32U; }
  /// From the next operation on: whatever it touches counts as touched since. Listing begins if it had been given up.
  Period begin_period();
  /// So that from now on everything is listed, whatever was before.
  void start_listing();
  [[nodiscard]] Period period() const { return period_; }
  /// For an object that is created in this period.
  FileId draw_identity();

  // --- listing ---
  /// Whether all that `request` touches is listed on disk. What is not will be soon; then ask again.
  bool admits(const Operation& request);
  bool admits(const std::vector<Touch>& touches);
  /// True where the event was this list's.
  bool logged(const io::TouchesLogged& event);
  /// Nothing is listed any more, anything may differ: to be noted durably, then give_up(). Until then nothing is
  /// admitted.
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  void give_up();
  [[nodiscard]] bool listing() const { return listing_ && !overflowed_; }

  // --- cooling ---
  /// Whatever was not touched since `opens` began is equal on both disks.
  void drop_before(Period opens);
  void drop_all();

  [[nodiscard]] std::vector<Touch> all() const;
  [[nodiscard]] std::size_t size() const { return entries_.size() + pending_.size(); }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.listing_, self.overflowed_, self.replace_wanted_, self.period_, self.identities_, self.call_);
    archive.table(self.entries_, [&archive](auto& touched_in) { archive(touched_in); });
    archive.list(self.in_flight_, [&archive](auto& touch) { archive(touch); });
    archive.list(self.next_, [&archive](auto& touch) { archive(touch); });
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      self.pending_ = {self.in_flight_.begin(), self.in_flight_.end()};
      self.pending_.insert(self.next_.begin(), self.next_.end());
    }
  }

 private:
  void wait_for(const Touch& touch);
  void list_ahead(Touch touch);
  void flush();
  void begin_call();

  Context& context_;
  bool listing_ = false;
  bool overflowed_ = false;
  bool replace_wanted_ = false;
  Period period_ = 0;
  std::uint64_t identities_ = 0;     ///< the state of their generator
  std::map<Touch, Period> entries_;  ///< on disk: the period in which each was touched last
  Ticket call_;                      ///< to the log, under way: one at a time
  std::vector<Touch> in_flight_;     ///< what that call adds
  std::vector<Touch> next_;          ///< what the next one adds
  std::set<Touch> pending_;          ///< both
};

}  // namespace lockstep::engine

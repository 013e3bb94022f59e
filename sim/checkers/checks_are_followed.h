// What follows from checks is what they have found, and what the settings say.
//
// Counts by itself what the looks of each check find, in order, and holds against it whatever an engine does because of
// a check: that it has missed so often, in a row, in this run of the application and after its grace; that no more
// starts follow from it within the window than the settings allow, and that no node stops for it before; that nobody
// fails over to a node that does not have everything; that something follows in time; that checks of an application
// look in their rhythm while it serves, and only then; and that a node does not take over while a check says that its
// server must not. Named "checks".
//
// Does not check whether a look is right: checks may lie. The named scenarios C1 to C7 hold what applications really do
// against what follows.
#pragma once

#include "sim/world/world.h"

#include <deque>
#include <optional>
#include <vector>

namespace lockstep::sim {

class ChecksAreFollowed : public Observer {
 public:
  explicit ChecksAreFollowed(World& world);

  void check_looks(NodeId node, std::size_t check, Ticket ticket) override;
  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void phase_begins(NodeId node, io::Phase phase) override;
  void stepped(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Check {
    Ticket looking;  ///< 0: the last look has ended
    Instant began;   ///< the last look
    /// In a row. An answer that comes late may have been waited for (its program was held up) or not; and when exactly
    /// an application serves, so that its grace begins, is not seen.
    std::uint32_t misses_at_least = 0;
    std::uint32_t misses_at_most = 0;
    std::uint32_t missed_before = 0;  ///< at least, when the node began to serve: before that nothing could follow
    std::optional<Instant> failed_since;
    bool acted = false;
  };
  struct Watched {
    std::vector<Check> checks;
    Instant started;  ///< the application's last start
    std::optional<Instant> serves_since;
    bool looked = false;  ///< a check of the application, in this step
    Instant last_step;
    Instant awake_since;
    Instant commanded;           ///< last told to be primary
    std::deque<Instant> starts;  ///< that follow from failed checks
  };

  [[nodiscard]] const engine::Settings& settings() const { return world_.node(NodeId::first).settings(); }
  /// At most, one under way that has used up its time included.
  [[nodiscard]] std::uint32_t misses(const Watched& here, std::size_t check, Instant now) const;
  void miss(Watched& here, std::size_t check, Instant now);
  void judge_action(NodeId node, const io::CheckActed& acted);
  void judge_rhythm(NodeId node, const Watched& here, Instant now) const;
  [[noreturn]] void broken(NodeId node, std::size_t check, const std::string& what) const;

  World& world_;
  std::array<Watched, 2> watched_;
};

}  // namespace lockstep::sim

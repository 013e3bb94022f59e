// Isolation: in a cluster without a third vote a node decides by itself only where the settings, or a person, let it.
//
// Checks of each vote of a stand-in: that isolation means `takeover`, or an administrator has forced this node; that
// the node was awake and heard nothing from the other one for `timeout` by its own clock; that no lease which it has
// granted to the other one can still be running; and that it votes for its own node alone: as the primary that it is,
// or under an epoch that no ordinary change gets, and only if it has served or followed the other node lately, or is
// the only member. Checks that a lease which has run out is not held again in the same reign, and that nobody is
// brought up to date who was elected.
//
// Does not check what follows from two histories: that is for the checkers of I1, I11 and I17.
#pragma once

#include "engine/wire/message.h"
#include "sim/world/world.h"

#include <array>
#include <optional>
#include <string>

namespace lockstep::sim {

class StandInIsAlone : public Observer {
 public:
  explicit StandInIsAlone(World& world) : world_(world) {}

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void frame_sent(Place from, io::Endpoint to, const io::Frame& frame) override;
  void started(Place place) override;
  void stepped(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Watched {
    Instant heard;  ///< the other node, or nothing yet in this life, or since it was asleep
    /// Up to when the silence before that had lasted for the timeout: a vote that was cast then may be on its way to
    /// the disk.
    std::optional<Instant> alone_until;
    Instant last_step;
    std::optional<Instant> served;             ///< the last time that it did
    std::optional<Instant> abreast;            ///< the last time that it served or followed, in this life
    bool only_member = false;                  ///< by what it has voted for or knows to be decided
    std::uint64_t own_election = 0;            ///< ballot of the vote for it; 0: none since the last decision
    bool elected_before = false;               ///< by a vote before that, which may have been decided
    std::optional<Instant> only_member_until;  ///< a vote that was cast then may be on its way to the disk
    Instant granted_at;
    Instant granted_until;               ///< to the other node, by this one's clock; outlives the process
    Instant forced_until;                ///< an administrator's command counts
    bool forced_reign = false;           ///< it has counted, and no other configuration was decided since
    std::optional<Instant> lease_until;  ///< in this reign
  };

  [[nodiscard]] const engine::Settings& settings() const { return world_.node(NodeId::first).settings(); }
  [[nodiscard]] Instant local(Place place) const;
  void heard(Watched& here, Instant now) const;
  static void is_only_member(Watched& here, bool is, Instant now);
  void judge(NodeId node, const Configuration& voted);
  [[noreturn]] static void broken(NodeId node, const std::string& what);

  World& world_;
  std::array<Watched, 3> watched_;
};

}  // namespace lockstep::sim

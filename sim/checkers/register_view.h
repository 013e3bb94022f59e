// What the voters have decided, from their votes alone: a configuration counts once two of the three have cast a
// vote for it with the same ballot. In isolation the third one is a stand-in, beside the node that it votes with.
#pragma once

#include "engine/cluster/forced_election.h"
#include "sim/world/world.h"

#include <map>
#include <optional>
#include <set>

namespace lockstep::sim {

class RegisterView : public Observer {
 public:
  explicit RegisterView(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* vote = std::get_if<io::VoteCast>(&event);
    if (vote == nullptr) return;
    std::set<Place>& voters = votes_[vote->ballot];
    voters.insert(vote->by_stand_in ? Place::witness : by);
    if (voters.size() < 2) return;
    if (!chosen_.emplace(vote->configuration.epoch, vote->configuration).second) return;
    // The last vote of a majority may come from a process that was stopped, long after a higher ballot was decided.
    const bool overtaken = vote->ballot < newest_ballot_ &&
                           engine::forced_series(vote->configuration.epoch) == engine::forced_series(newest_.epoch);
    // Of a node that has not heard of the history that counts. Without a third vote that is the one with the higher
    // epoch.
    const bool apart = !world_.votes(Place::witness) && vote->configuration.epoch < newest_.epoch;
    if (overtaken || apart) return;
    newest_ = vote->configuration;
    newest_ballot_ = vote->ballot;
  }

  /// The newest configuration of a lower epoch that a majority has voted for, whether or not its proposer lived to
  /// learn of it.
  [[nodiscard]] std::optional<Configuration> before(Epoch epoch) const {
    const auto later = chosen_.lower_bound(epoch);
    if (later == chosen_.begin()) return std::nullopt;
    return std::prev(later)->second;
  }

  /// The newest configuration that a majority has voted for: by ballot, and across a forced election by
  /// time: one that was forced with a voter without memory may get a lower epoch than one that nobody who took part has
  /// heard of.
  [[nodiscard]] const Configuration& newest() const { return newest_; }

 private:
  World& world_;
  std::map<std::uint64_t, std::set<Place>> votes_;
  std::map<Epoch, Configuration> chosen_;
  Configuration newest_;
  std::uint64_t newest_ballot_ = 0;
};

}  // namespace lockstep::sim

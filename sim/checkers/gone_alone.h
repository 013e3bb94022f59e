// Who has become a primary in isolation, in a cluster without a third vote, and who does not know of that yet.
//
// Then two histories go on. The one with the higher epoch is the one that counts: when the nodes meet, the other one
// gives way. A node that has not heard of it is *apart*: what it writes and acknowledges meanwhile is only promised to
// be kept aside (I17), and it may serve although the other node does. That is all that is excused, and only from the
// vote on by which somebody was elected in isolation, until the other one has heard of it.
#pragma once

#include "engine/cluster/forced_election.h"
#include "engine/cluster/journal_record.h"
#include "sim/world/world.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace lockstep::sim {

class GoneAlone : public Observer {
 public:
  explicit GoneAlone(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override {
    if (!is_node(by)) return;
    const NodeId node = node_at(by);
    if (const auto* vote = std::get_if<io::VoteCast>(&event)) {
      if (vote->by_stand_in && engine::is_forced_epoch(vote->configuration.epoch, node)) {
        elected(node, vote->configuration.epoch);
      }
    } else if (const auto* decided = std::get_if<io::ConfigurationDecided>(&event)) {
      hears_of(node, decided->configuration.epoch);
    }
  }
  /// What it has not written down a node forgets with its process. What it has voted for in isolation is decided, also
  /// where it died before it could go on.
  void started(Place place) override {
    if (!is_node(place)) return;
    const NodeId node = node_at(place);
    const auto record = world_.record_of(place);
    known_[index_of(node)] = record ? record->decided.epoch : Epoch{};
    if (!record || world_.node(node).settings().isolation != engine::Isolation::takeover) return;
    const Configuration& accepted = record->voter.accepted;
    const bool own = accepted.primary == node && accepted.members == Members::only(node);
    if (own && accepted.epoch > record->decided.epoch && engine::is_forced_epoch(accepted.epoch, node)) {
      elected(node, accepted.epoch);
    }
  }
  void stepped(Place place) override {
    if (!is_node(place) || apart(node_at(place))) return;
    const Node& node = world_.node(node_at(place));
    const engine::Role role = node.condition().role;
    const bool primary = role == engine::Role::prim || role == engine::Role::alone;
    if (!primary && !node.mount().is_open() && !node.application().alive()) serves_apart_[index_of(place)] = false;
  }

  /// It has not heard of a primary that the other node has become.
  [[nodiscard]] bool apart(NodeId node) const {
    return elected_[index_of(other(node))] > std::max(known_[index_of(node)], elected_[index_of(node)]);
  }
  /// One of the nodes is apart, or has been, and has not ended its service since.
  [[nodiscard]] bool both_may_serve() const {
    return std::any_of(every_node.begin(), every_node.end(),
                       [&](NodeId node) { return apart(node) || serves_apart_[index_of(node)]; });
  }
  /// How an election in isolation began, if nobody had decided anything that the node did not know.
  struct WithEverything {
    Epoch elected;
    Epoch known;  ///< by who was elected
  };
  /// Of the election that began the series of `epoch`.
  [[nodiscard]] std::optional<WithEverything> began_with_everything(Epoch epoch) const {
    const auto found = began_with_everything_.find(engine::forced_series(epoch));
    return found == began_with_everything_.end() ? std::nullopt : std::optional(found->second);
  }
  /// Whether an epoch is of a series that began in isolation.
  [[nodiscard]] bool began_alone(Epoch epoch) const { return series_.contains(engine::forced_series(epoch)); }
  [[nodiscard]] bool anybody() const { return !series_.empty(); }

 private:
  void elected(NodeId node, Epoch epoch) {
    const Epoch own = known_[index_of(node)];
    const NodeId peer = other(node);
    if (std::max(known_[index_of(peer)], elected_[index_of(peer)]) <= own) {
      began_with_everything_.emplace(engine::forced_series(epoch), WithEverything{epoch, own});
    }
    elected_[index_of(node)] = std::max(elected_[index_of(node)], epoch);
    series_.insert(engine::forced_series(epoch));
    for (const NodeId each : every_node) {
      if (apart(each)) serves_apart_[index_of(each)] = true;
    }
  }
  void hears_of(NodeId node, Epoch epoch) { known_[index_of(node)] = std::max(known_[index_of(node)], epoch); }

  World& world_;
  std::array<Epoch, 2> known_{};
  std::array<Epoch, 2> elected_{};
  std::array<bool, 2> serves_apart_{};
  std::set<std::uint64_t> series_;
  std::map<std::uint64_t, WithEverything> began_with_everything_;  ///< by series
};

}  // namespace lockstep::sim

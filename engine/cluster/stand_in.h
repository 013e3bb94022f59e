// The vote that a node lacks in a cluster without a third one.
//
// Every decision takes two votes, and such a cluster has two: a node that does not hear the other one decides nothing.
// Where the settings say `takeover`, or a person has forced this node, a stand-in on the node itself gives it the vote
// that is missing, for as long as the node is isolated. So both nodes may decide, and neither hears of it. What keeps
// that from being worse than two histories:
//
//  - A primary decides ordinary changes with it. No other ordinary change passes these by: whoever else makes one needs
//    this node's vote, which knows of them.
//  - Everybody else becomes primary by a forced election only: its numbers are neither those of the other node's
//    decisions nor of its own stand-in's (engine/cluster/forced_election.h), and when the nodes meet, the one whose
//    history does not go on finds so, and keeps its data aside.
//  - The stand-in votes when the node itself does, and both votes are one record on the disk: where a node has
//    accepted its own election, that is decided, whatever becomes of the program meanwhile.
//  - A lease that has run out is not taken up again: the other node may have counted on its end.
//  - Who was a member beside the other node and has neither served nor followed it of late does not know what that has
//    done: it waits, so that no history of long ago displaces the one that went on.
#pragma once

#include "engine/planted.h"
#include "engine/settings.h"
#include "engine/values/time.h"

#include <optional>

namespace lockstep::engine {

/// Knows how long the other node has been silent. Passive: told of each step, and of what was heard.
class StandIn {
 public:
  explicit StandIn(const Settings& settings)
      : timeout_(settings.timeout),
        asleep_(settings.heartbeat_interval * heartbeats_missed_max),
        exists_(!settings.has_third_vote()),
        by_settings_(settings.isolation == Isolation::takeover) {}

  /// A step begins. Who was asleep has heard nobody, and that says nothing: it listens for the whole time anew.
  void step(Instant now) {
    if (now - last_step_ > asleep_ && !planted(Bug::sleep_taken_for_silence)) {
      silent_since_ = now;
      abreast_at_.reset();
    }
    last_step_ = now;
  }
  void heard(Instant now) { silent_since_ = now; }
  /// This node serves with a lease, or follows the other one and has just heard from it.
  void keeps_abreast(Instant now) { abreast_at_ = now; }
  /// Whether it did so up to the silence that it may end now.
  [[nodiscard]] bool abreast(Instant now) const {
    return planted(Bug::stale_goes_on_alone) || (abreast_at_ && now - *abreast_at_ <= timeout_ * timeouts_abreast_max);
  }

  /// A person has forced this node: that stands in for the settings until both nodes are members again.
  void vouch() { vouched_for_ = true; }
  void withdraw() { vouched_for_ = false; }
  /// Whether this node may use it.
  [[nodiscard]] bool licensed() const { return by_settings_ || vouched_for_; }
  /// Nothing was heard from the other node for `timeout`.
  [[nodiscard]] bool alone(Instant now) const { return exists_ && now - silent_since_ >= timeout_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.last_step_, self.silent_since_, self.vouched_for_);
    archive.maybe(self.abreast_at_, [&archive](auto& at) { archive(at); });
  }

 private:
  static constexpr std::int64_t heartbeats_missed_max = 3;
  /// A take-over takes three: silence, the grant to the other node, a vote. A slow disk makes it longer.
  static constexpr std::int64_t timeouts_abreast_max = 10;

  Duration timeout_;
  Duration asleep_;
  bool exists_;
  bool by_settings_;
  bool vouched_for_ = false;
  Instant last_step_;
  Instant silent_since_;
  std::optional<Instant> abreast_at_;
};

}  // namespace lockstep::engine

// I1: an acknowledged operation is in every later writable state.
//
// Checks, whenever a node becomes writable, that its volume is exactly the tree after some of the ordered operations,
// and that every acknowledged one is among them (in mode commit: every one up to the last acknowledged fsync; what
// an fsync or mode durable promised holds after the power loss of all members, too). Checks that no request is
// answered with success unless the engine says that it acknowledged it, as part of the present history.
//
// Does not check what one file's fsync promises about its name, nor reads, nor what an administrator gave up by forcing
// a node to become the primary: its tree is a new beginning. So is that of a node that was forced before and now goes
// on in place of the other one, if that was forced without having heard of it (the witness had lost its memory).
// In a cluster without a third vote a reign that began in isolation is such a new beginning, too, if the other node had
// decided anything of which this one had not heard; and what a node acknowledges that has not heard of that reign
// (gone_alone.h) is in a history that does not go on.
#pragma once

#include "sim/checkers/gone_alone.h"
#include "sim/checkers/history.h"
#include "sim/checkers/register_view.h"

namespace lockstep::sim {

class NoAcknowledgedLoss : public Observer {
 public:
  NoAcknowledgedLoss(World& world, History& history, RegisterView& reg, const GoneAlone& alone)
      : world_(world), history_(history), register_(reg), alone_(alone) {}

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void replied(NodeId node, RequestId request, const io::Reply& reply) override;
  void stopped(Place place, bool power_lost) override;

 private:
  void became_writable(NodeId node, Epoch epoch);
  [[nodiscard]] bool took_over_with_everything(Epoch epoch) const;
  void continue_promised(NodeId node, Epoch epoch);
  void acknowledged(NodeId node, const io::RequestAcknowledged& event);
  [[nodiscard]] bool may_lack_what_was_not_synced(NodeId node, Epoch epoch);
  void check_what_was_synced(NodeId node);
  /// Whether an election that was forced, or won in isolation, lies between the last reign and this epoch, or made this
  /// one win.
  bool begins_by_force(Epoch epoch);

  World& world_;
  History& history_;
  RegisterView& register_;
  const GoneAlone& alone_;
  std::array<bool, 2> checked_{};  ///< nothing has happened to the node's tree that would call for another check
  std::map<Epoch, Configuration> decided_;
  bool joiner_holds_less_ = false;  ///< mode commit: a peer that may not hold what is acknowledged can be admitted
  std::set<RequestId> acknowledged_;
  bool force_commanded_ = false;    ///< and nobody has become writable by it yet
  std::set<std::uint64_t> forced_;  ///< series of epochs that force has begun
  Epoch written_in_;                ///< the last in which a node became writable
};

}  // namespace lockstep::sim

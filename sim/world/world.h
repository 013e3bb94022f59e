// A whole simulated cluster, and the course of one run.
#pragma once

#include "sim/hash.h"
#include "sim/ports/cable.h"
#include "sim/violation.h"
#include "sim/workload/client.h"
#include "sim/world/mix.h"
#include "sim/world/node.h"
#include "sim/world/observers.h"
#include "sim/world/witness.h"

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace lockstep::sim {

struct RunResult {
  std::optional<Violation> violation;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::uint64_t acknowledged = 0;
  Time simulated = 0;
};

class World {
 public:
  World(std::uint64_t seed, const Mix& mix, Random random);

  /// Faults, then healing, then rest; ends at the first violation.
  RunResult run();
  /// For scenarios that direct every step themselves: all that happens up to `end`, and nothing else.
  void run_until(Time end);

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] const Mix& mix() const { return mix_; }
  [[nodiscard]] Time now() const { return scheduler_.now(); }
  Scheduler& scheduler() { return scheduler_; }
  Observers& observers() { return observers_; }
  Node& node(NodeId id) { return *nodes_[index_of(id)]; }
  [[nodiscard]] const Node& node(NodeId id) const { return *nodes_[index_of(id)]; }
  Witness& witness() { return *witness_; }
  Machine& machine(Place place);
  [[nodiscard]] const Machine& machine(Place place) const { return const_cast<World*>(this)->machine(place); }
  [[nodiscard]] const Buffer& journal_of(Place place) const;
  /// Between the nodes (left: first), and from each node (left) to the witness.
  Cable& peer_cable() { return *cables_[2]; }
  Cable& witness_cable(NodeId node) { return *cables_[index_of(node)]; }
  std::array<Cable*, 3> cables() { return {cables_[0].get(), cables_[1].get(), cables_[2].get()}; }
  Client& client() { return *client_; }

 private:
  /// Counts and hashes what the engines are told.
  class Recorder : public Observer {
   public:
    explicit Recorder(const Scheduler& scheduler) : scheduler_(scheduler) {}
    void delivering(Place to, const io::Event& event) override;
    void traced(Place by, const io::TraceEvent& event) override;
    RunHash hash;
    std::uint64_t events = 0;
    std::uint64_t acknowledged = 0;

   private:
    const Scheduler& scheduler_;
  };

  void prefill(Node& node, Random random);
  void first_start();
  void schedule_faults();
  void heal();
  /// Runs until both nodes are in sync and nothing is under way; throws "stuck" after `limit`.
  void come_to_rest(Time limit);
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] std::string why_not_at_rest() const;
  void start_whoever_waits();

  std::uint64_t seed_;
  Mix mix_;
  Random random_;
  Scheduler scheduler_;
  Recorder recorder_;
  Observers observers_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::unique_ptr<Witness> witness_;
  std::array<std::unique_ptr<Cable>, 3> cables_;
  std::unique_ptr<Client> client_;
  NodeId first_ = NodeId::first;  ///< made primary first, on what its directory holds
};

}  // namespace lockstep::sim

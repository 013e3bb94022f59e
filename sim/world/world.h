// A whole simulated cluster, and the course of one run.
#pragma once

#include "sim/hash.h"
#include "sim/ports/cable.h"
#include "sim/scenario/scenario.h"
#include "sim/violation.h"
#include "sim/workload/client.h"
#include "sim/world/node.h"
#include "sim/world/observers.h"
#include "sim/world/wire.h"
#include "sim/world/witness.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::sim {

struct RunResult {
  std::optional<Violation> violation;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::uint64_t acknowledged = 0;
  Time simulated = 0;
  bool irrecoverable = false;        ///< the last complete copy was lost: the cluster rightly waits for a person
  std::vector<std::uint32_t> turns;  ///< that each of the users took
  std::string not_reached;           ///< of a named scenario: what did not come about; empty: it happened
};

class World {
 public:
  explicit World(const Scenario& scenario);

  /// Directs a run between its first start and its healing, instead of the scenario's faults.
  using Script = std::function<void(World& world)>;
  /// Two phases: faults; then everything is healed for good and must come to rest within a time that the settings give.
  /// Ends at the first violation.
  RunResult run(const Script& script = {});
  /// A fault strikes now.
  void strike(const Fault& fault);
  /// Repairs everything for good.
  void heal();
  /// Both nodes have noted a common checkpoint, and rely on their lists of what has changed since.
  [[nodiscard]] bool have_common_ground() const;
  /// Both nodes are in sync and nothing is under way.
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] std::string why_not_at_rest() const;
  /// For scenarios that direct every step themselves: all that happens up to `end`, and nothing else.
  void run_until(Time end);

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const Mix& mix() const { return scenario_.mix; }
  [[nodiscard]] Time now() const { return scheduler_.now(); }
  Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] const Scheduler& scheduler() const { return scheduler_; }
  Observers& observers() { return observers_; }
  Node& node(NodeId id) { return *nodes_[index_of(id)]; }
  [[nodiscard]] const Node& node(NodeId id) const { return *nodes_[index_of(id)]; }
  Witness& witness() { return *witness_; }
  Machine& machine(Place place);
  [[nodiscard]] const Machine& machine(Place place) const { return const_cast<World*>(this)->machine(place); }
  /// Whether there is a voter at all.
  [[nodiscard]] bool votes(Place place) const;
  /// All that a machine's disk holds.
  struct DiskCopy {
    Buffer journal;
    SimVolume::Copy volume;     ///< of a node
    io::LoggedTouches touches;  ///< of a node
  };
  [[nodiscard]] DiskCopy copy_disk(Place place) const;
  /// The machine loses its power, and its disk is exchanged for one that holds this.
  void exchange_disk(Place place, const DiskCopy& copy);
  SimJournal& journal(Place place);
  [[nodiscard]] const Buffer& journal_of(Place place) const;
  /// What a journal of that place says, where it can be read.
  [[nodiscard]] std::optional<engine::JournalRecord> record_in(Place place, const Buffer& journal) const;
  [[nodiscard]] std::optional<engine::JournalRecord> record_of(Place place) const {
    return record_in(place, journal_of(place));
  }
  /// Whether a cluster could be expected to survive the loss of this machine's disk now: every voter knows what it
  /// has promised, and another node is known to hold everything that was acknowledged.
  [[nodiscard]] bool may_lose_disk(Place place) const;
  /// How often the world was healed for good: 0 while faults last.
  [[nodiscard]] unsigned healings() const { return healings_; }
  Cable& cable(Wire wire) { return *cables_[index_of(wire)]; }
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

  void connect();
  void prefill(Node& node, Random random);
  void first_start();
  void schedule_faults();
  /// Runs until both nodes are in sync and nothing is under way. After `limit`: false where that is impossible,
  /// otherwise throws "stuck".
  bool come_to_rest(Time limit);
  [[nodiscard]] bool nobody_could() const;
  void start_whoever_waits();

  /// The numbers of one part of this run.
  [[nodiscard]] Random random_of(std::string_view part, std::uint64_t number = 0) const {
    const Random random = Random::keyed(scenario_.seed, part, number);
    return scenario_.steady ? random.steadied() : random;
  }

  const Scenario scenario_;
  Scheduler scheduler_;
  Recorder recorder_;
  Observers observers_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::unique_ptr<Witness> witness_;
  std::array<std::unique_ptr<Cable>, 3> cables_;
  std::unique_ptr<Client> client_;
  unsigned healings_ = 0;
  bool disk_exchanged_ = false;
  NodeId first_ = NodeId::first;  ///< made primary first, on what its directory holds
};

}  // namespace lockstep::sim

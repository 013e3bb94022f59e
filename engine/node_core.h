// The inside of NodeEngine: how the parts work together. One object a life of the program.
//   node_engine.cpp      events in, to the part that they concern
//   node_membership.cpp  heartbeats, leases, the configuration register: who may be what
//   node_stream.cpp      the connection to the peer: attaching, resuming, resync, what goes wrong with it
//   node_service.cpp     being primary: service up, service down, handing over
//   node_console.cpp     commands and status
#pragma once

#include "engine/app/service.h"
#include "engine/cluster/journal_record.h"
#include "engine/cluster/lease.h"
#include "engine/cluster/proposer.h"
#include "engine/cluster/role_actions.h"
#include "engine/cluster/role_machine.h"
#include "engine/cluster/voter.h"
#include "engine/context.h"
#include "engine/replication/primary_stream.h"
#include "engine/replication/replica_stream.h"
#include "engine/replication/request_pipeline.h"
#include "engine/resync/resync_source.h"
#include "engine/resync/resync_target.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace lockstep::engine {

class NodeEngine::Core : private role::Actions {
 public:
  Core(const Settings& settings, NodePorts ports);

  void step(Instant now, io::Event event);
  [[nodiscard]] Status status() const;

 private:
  /// What an administrator wants of this node.
  enum class Wish : std::uint8_t { run, second_only, stopped };
  /// What the configuration register is to be changed to. One at a time.
  enum class Intent : std::uint8_t { none, initialise, take_over, force, leave_peer_out, admit_peer, hand_over };
  /// To whom a primary that steps down leaves the module.
  enum class Succession : std::uint8_t { none, peer_alone, peer_with_us };

  // --- events (node_engine.cpp) ---
  void on(io::Booted& event);
  void on(io::LinkUp& event);
  void on(io::LinkDown& event);
  void on(io::FrameArrived& event);
  void on(io::TimerFired& event);
  void on(io::JournalStored& event);
  void on(io::Applied& event);
  void on(io::Synced& event);
  void on(io::Scanned& event);
  void on(io::Digested& event);
  void on(io::RegionRead& event);
  void on(io::MountOpened& event);
  void on(io::MountClosed& event);
  void on(io::RequestArrived& event);
  void on(io::PhaseEnded& event);
  void on(io::CommandGiven& event);
  void process(RoleEvent event);
  [[nodiscard]] RoleState state() const { return roles_.state(); }
  /// Acts as the primary of `record_.decided`, in whatever stage.
  [[nodiscard]] bool is_primary() const;
  /// Stores the record; `then` runs once it is durable.
  void persist(std::function<void()> then = {});

  // --- membership (node_membership.cpp) ---
  void heartbeat();
  void send_heartbeats();
  void receive(VoterId from, const Heartbeat& message);
  void receive(VoterId from, const HeartbeatReply& message);
  void receive(VoterId from, const Prepare& message);
  void receive(VoterId from, const Accept& message);
  void receive(VoterId from, const Promise& message);
  void receive(VoterId from, const Accepted& message);
  void receive(VoterId from, const Refused& message);
  void vote(VoterId to, const Message& answer);
  void send_voter(VoterId to, const Message& message);
  void send_voters(const Message& message);
  void watch_lease();
  void update_hold();
  [[nodiscard]] bool majority_in_contact() const;
  /// Begins the change of the register that the present state calls for, if any.
  void pursue();
  void arm_register_retry();
  [[nodiscard]] Intent wanted_change() const;
  [[nodiscard]] Configuration change(Intent intent, const Configuration& current) const;
  void decided(const Configuration& configuration, bool by_own_change);
  [[nodiscard]] bool may_take_over(const Configuration& current) const;
  [[nodiscard]] bool should_try_take_over() const;
  [[nodiscard]] Configuration known() const { return record_.decided; }
  [[nodiscard]] bool in_sync(NodeId node) const { return known().initialised() && known().members.contains(node); }

  // --- stream (node_stream.cpp) ---
  void receive_peer(const Message& message);
  void receive(const Attach& message);
  void receive(const Attached& message);
  void receive(const ManifestPart& message);
  void receive(const CaughtUp& message);
  void receive(const StreamFailed& message);
  void peer_lost();
  void watch_peer();
  void try_attach();
  void leave_peer_out(const std::string& why);
  /// Forgets the stream that this node follows; whatever comes of it on this connection is not wanted any more.
  void drop_stream();
  /// That, and begins with a fresh connection: the primary must not go on believing in the old one.
  void lose_stream(std::string why);
  void handle(ResyncTarget::Outcome outcome);
  void handle(std::optional<ReplicaStream::Outcome> outcome);
  void receive(const StreamAcknowledgement& message);
  void arm_acknowledgement();

  // --- service (node_service.cpp) ---
  void start_service() override;
  void stop_service() override;
  void abort_service() override;
  [[nodiscard]] bool peer_in_sync() const override { return in_sync(peer_); }
  [[nodiscard]] bool wants_to_run() const override { return wish_ != Wish::stopped; }
  void unknown_transition(std::string_view state, std::string_view event) override;
  void handle(Service::Outcome outcome);
  void step_down(Succession succession, std::string why);
  void continue_stepping_down();
  void finish_stepping_down();
  void distrust_own_disk();
  void set_writable(bool writable);

  // --- console (node_console.cpp) ---
  void command(io::CommandId id, const io::Command& command);
  [[nodiscard]] std::string why() const;
  [[nodiscard]] std::string next_step() const;

  Context context_;
  const NodeId self_;
  const NodeId peer_;

  JournalRecord record_;
  std::map<Ticket, std::function<void()>> persisting_;
  bool booted_ = false;
  bool cleaned_up_ = false;
  bool intact_ = false;  ///< nothing that this node ever acknowledged is lost here
  Wish wish_ = Wish::run;
  std::string reason_;  ///< why the last change of role happened
  std::uint64_t random_ = 0;

  std::optional<Voter> voter_;
  Proposer proposer_;
  Intent intent_ = Intent::none;
  Duration register_pause_;
  bool initialise_wanted_ = false;
  std::optional<Instant> force_until_;  ///< a forced election is tried until then
  Lease lease_;
  std::array<Instant, 3> contact_{};  ///< when each voter last answered a lease request
  Instant lease_wanted_since_;
  Instant take_over_not_before_;
  bool service_due_ = false;  ///< elected, waiting for the first lease
  bool writable_ = false;

  std::optional<NodeState> peer_state_;
  Instant peer_heard_;
  Instant peer_up_since_;
  Instant waiting_since_;
  std::optional<Instant> attach_sent_;
  Instant attach_not_before_;
  bool acknowledgement_armed_ = false;
  bool leave_wanted_ = false;

  Succession succession_ = Succession::none;
  bool handing_over_ = false;  ///< mount closed, everything drained: the hand-over may be proposed
  Instant step_down_until_;

  RoleMachine roles_;
  Service service_;
  PrimaryStream stream_;
  RequestPipeline pipeline_;
  ReplicaStream replica_;
  ResyncSource source_;
  ResyncTarget target_;
};

}  // namespace lockstep::engine

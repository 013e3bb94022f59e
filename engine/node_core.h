// The inside of NodeEngine: how the parts work together. One object a life of the program.
//   node_engine.cpp      events in, to the part that they concern
//   node_membership.cpp  heartbeats, leases, votes: who is there, and who may be what
//   node_register.cpp    changes of the configuration register
//   node_stream.cpp      the connection to the peer: attaching, resuming, resync, what goes wrong with it
//   node_checkpoint.cpp  what may differ from the other node: common checkpoints, and when nothing is known of it
//   node_service.cpp     being primary: service up, service down, handing over
//   node_verify.cpp      comparing both nodes' data: when, and what follows from it
//   node_checks.cpp      what follows from failed checks, and where the application rather runs
//   node_console.cpp     commands and status
//   node_snapshot.cpp    all of its state, to bytes and back
#pragma once

#include "engine/app/check_schedule.h"
#include "engine/app/restart_budget.h"
#include "engine/app/service.h"
#include "engine/cluster/journal_record.h"
#include "engine/cluster/lease.h"
#include "engine/cluster/proposer.h"
#include "engine/cluster/recollection.h"
#include "engine/cluster/role_actions.h"
#include "engine/cluster/role_machine.h"
#include "engine/cluster/stand_in.h"
#include "engine/cluster/voter.h"
#include "engine/context.h"
#include "engine/replication/primary_stream.h"
#include "engine/replication/replica_stream.h"
#include "engine/replication/request_pipeline.h"
#include "engine/resync/resync_source.h"
#include "engine/resync/resync_target.h"
#include "engine/resync/salvage.h"
#include "engine/resync/touched_set.h"
#include "engine/verify/verify_source.h"
#include "engine/verify/verify_target.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace lockstep::engine {

/// A common checkpoint that this primary is making.
struct CheckpointUnderWay {
  Ticket last;  ///< operation that was begun before
  Period opens = 0;
  std::uint64_t base = 0;
  Lsn lsn;      ///< 0: operations that belong before it have no place yet
  Ticket sync;  ///< of this node's disk, under way; 0 afterwards
  bool synced_here = false;
  bool synced_there = false;
  bool noted = false;  ///< in the journal, or on the way there
};

class NodeEngine::Core : private role::Actions {
 public:
  Core(const Settings& settings, NodePorts ports);

  void step(Instant now, io::Event event);
  [[nodiscard]] Condition condition() const;
  [[nodiscard]] Status status() const;
  /// All of its state, for a snapshot (node_snapshot.cpp).
  static void fields(auto& self, auto& archive);

 private:
  /// What an administrator wants of this node.
  enum class Wish : std::uint8_t { run, second_only, stopped };
  /// What the configuration register is to be changed to. One at a time.
  enum class Intent : std::uint8_t {
    none,
    initialise,
    take_over,
    force,
    leave_peer_out,
    admit_peer,
    hand_over,
    go_on_alone,  ///< take over in isolation
  };
  /// To whom a primary that steps down leaves the module.
  enum class Succession : std::uint8_t { none, peer_alone, peer_with_us };

  [[nodiscard]] static Recollection::Others others_of(const Settings& settings) {
    return settings.has_third_vote() ? Recollection::Others::two : Recollection::Others::the_other_node;
  }

  // What waits for the journal.
  struct TreeMarked {};    ///< that this tree is a mixture from now on
  struct TreeComplete {};  ///< that it is the primary's
  struct VoteStored {
    VoterId to{};
    Message answer;
    Configuration accepted;  ///< as the vote left it
    bool early = false;      ///< the answer has left already (planted)
    bool with_stand_in = false;
  };
  struct FirstStartNoted {};  ///< that this tree is the one to begin with
  struct VotesLearned {};     ///< what this voter had forgotten
  struct CheckpointNoted {    ///< the primary: both disks held everything up to there
    Lsn lsn;
  };
  struct CoolingNoted {  ///< the same, and that this node may forget what it has listed before
    Lsn lsn;
    bool as_primary = false;
  };
  struct ListGivenUp {};       ///< that anything may differ
  struct GroundForgotten {};   ///< and so may what is parked be moved
  struct ConfigurationNoted {  ///< what was decided
    Epoch epoch;
  };
  using Continuation = std::variant<TreeMarked, TreeComplete, VoteStored, FirstStartNoted, VotesLearned,
                                    CheckpointNoted, CoolingNoted, ListGivenUp, ConfigurationNoted, GroundForgotten>;

  // --- events (node_engine.cpp) ---
  void on(io::Booted& event);
  void on(io::LinkUp& event);
  void on(io::LinkDown& event);
  void on(io::FrameArrived& event);
  void on(io::TimerFired& event);
  void on(io::JournalStored& event);
  void on(io::TouchesLogged& event);
  void on(io::Applied& event);
  void on(io::Synced& event);
  void on(io::Scanned& event);
  void on(io::WorkDone& event);
  void on(io::Indexed& event);
  void on(io::Digested& event);
  void on(io::RegionRead& event);
  void on(io::SetAside& event);
  void on(io::MountOpened& event);
  void on(io::MountClosed& event);
  void on(io::RequestArrived& event);
  void on(io::PhaseEnded& event);
  void on(io::CheckEnded& event) { checks_.ended(event); }
  void on(io::CheckPrompted& event) { checks_.prompted(event); }
  void on(io::CommandGiven& event);
  void process(RoleEvent event);
  [[nodiscard]] RoleState state() const { return roles_.state(); }
  /// Acts as the primary of `record_.decided`, in whatever stage.
  [[nodiscard]] bool is_primary() const;
  /// Stores the record; `then` is done once it is durable.
  void persist(std::optional<Continuation> then = std::nullopt);
  void go_on(const TreeMarked& then);
  void go_on(const TreeComplete& then);
  void go_on(const VoteStored& then);
  void go_on(const FirstStartNoted& then);
  void go_on(const VotesLearned& then);
  void go_on(const CheckpointNoted& then);
  void go_on(const CoolingNoted& then);
  void go_on(const ListGivenUp& then);
  void go_on(const ConfigurationNoted& then);
  void go_on(const GroundForgotten& then);
  static void continuation_fields(auto& then, auto& archive);

  // --- membership (node_membership.cpp) ---
  void heartbeat();
  void send_heartbeats();
  void receive(VoterId from, const Heartbeat& message);
  void receive(VoterId from, const HeartbeatReply& message);
  void receive(VoterId from, const Prepare& message);
  void receive(VoterId from, const Accept& message);
  void vote(VoterId to, const Message& answer);
  void stand_in_voted(const VoteStored& vote);
  void hear(VoterId from, const VoterMemory& memory);
  void ask_again();
  void send_voter(VoterId to, const Message& message);
  void send_others(const Message& message);
  void propose(Prepare prepare);
  void watch_lease();
  void update_hold();
  [[nodiscard]] bool majority_in_contact() const;
  /// Of a cluster without a third vote: the other node is silent, and nobody has been granted a lease against this one.
  [[nodiscard]] bool isolated() const;
  /// The same, and this node may go on by itself.
  [[nodiscard]] bool stands_in() const;
  /// The change that is being proposed may be decided with the stand-in's vote.
  [[nodiscard]] bool stand_in_votes() const;
  /// What it would replace must not come over this node's tree meanwhile.
  [[nodiscard]] bool own_election_under_way() const;
  [[nodiscard]] bool stand_in_grants() const;
  void set_suffrage();
  /// With each step: a vote that was missing may be had from now on, or no more.
  void watch_isolation();

  // --- changes of the register (node_register.cpp) ---
  /// Begins the change of the register that the present state calls for, if any.
  void pursue();
  void arm_register_retry();
  [[nodiscard]] Intent wanted_change() const;
  [[nodiscard]] static Mark mark_of(Intent intent);
  [[nodiscard]] Change change_of(Intent intent);
  [[nodiscard]] Configuration change(Intent intent, const Configuration& current) const;
  void receive(VoterId from, const Promise& message);
  void receive(VoterId from, const Accepted& message);
  void receive(VoterId from, const Refused& message);
  void decided(const Configuration& configuration, bool by_own_change);
  /// Whether this node's tree holds every acknowledged operation, as far as it can know, and why (not).
  enum class TakeOver : std::uint8_t {
    nothing_decided,
    tree_is_mixture,
    not_a_member,
    unheard_of,
    only_member,
    intact,
    every_acknowledgement_on_disk,
    both_lost_power,
    only_complete_tree,
    may_lack_something,
  };
  [[nodiscard]] static Mark mark_of(TakeOver judgement);
  [[nodiscard]] TakeOver judge_take_over(const Configuration& current) const;
  [[nodiscard]] bool may_take_over(const Configuration& current) const;
  [[nodiscard]] bool should_try_take_over() const;
  /// There is nobody else whose vote could be had.
  [[nodiscard]] bool needs_stand_in() const { return !context_.settings.has_third_vote() && !context_.peer_up; }
  [[nodiscard]] bool may_go_on_alone() const;
  /// Nobody can have gone further than this node since `newest` was decided.
  [[nodiscard]] bool abreast_of(const Configuration& newest) const;
  /// At the start: whether an earlier life has elected itself in isolation, and did not live to learn of it.
  void recall_own_election();
  /// An administrator has chosen this node's tree, whatever it is, and nothing was decided since.
  [[nodiscard]] bool forced_upon(const Configuration& current) const;
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
  /// What this node has said of its tree does not hold any more: whatever was promised to it on that ground ends, and
  /// it attaches anew, without a position.
  void lose_place(std::string why);
  void handle(ResyncTarget::Outcome outcome);
  /// A resync begins: whether this tree is a part of a history that does not go on. To be persisted.
  void end_conflict();
  /// After each step: whether all that has to be is kept aside now.
  void note_kept();
  void handle(std::optional<ReplicaStream::Outcome> outcome);
  void receive(const StreamAcknowledgement& message);
  void arm_acknowledgement();

  // --- common checkpoints (node_checkpoint.cpp) ---
  /// After each step: what has become due of all this.
  void tend_ground();
  void begin_checkpoint();
  [[nodiscard]] bool may_checkpoint() const;
  [[nodiscard]] bool checkpoint_due() const;
  void continue_checkpoint();
  void receive(const SyncAll& message);
  void receive(const SyncedAll& message);
  void receive(const Cool& message);
  void receive(const Cooled& message);
  bool synced_all(const io::Synced& event);
  /// Whether what this node and one of that ground have listed covers all that differs.
  [[nodiscard]] bool listed_together(const CommonGround& theirs) const;
  /// What this node says of itself when it attaches.
  [[nodiscard]] CommonGround known_ground() const;
  /// From now on anything may differ. To be persisted before what makes it so.
  void forget_ground();

  // --- verify (node_verify.cpp) ---
  /// After each step: begins what is due, goes on with what runs, ends what cannot go on.
  void tend_verify();
  [[nodiscard]] bool may_verify() const;
  void verify_ended(VerifyJob job);
  /// So that a resync compares what is known to differ, as long as it does.
  void list_mismatches();
  void receive(const VerifyRegion& message);
  void receive(const VerifyNames& message);
  /// Whether the question has come at its place in the stream.
  [[nodiscard]] bool at_place(Lsn lsn);
  void refuse_question();
  /// What an administrator wants of it: whether that is done, and what to say.
  std::pair<bool, std::string> command_verify(const io::Command& command);

  // --- service (node_service.cpp) ---
  void start_service() override;
  void stop_service() override;
  void hold_service();
  void tend_held_service();
  void abort_service() override;
  [[nodiscard]] bool peer_in_sync() const override { return in_sync(peer_); }
  [[nodiscard]] bool wants_to_run() const override { return wish_ != Wish::stopped; }
  void unknown_transition(std::string_view state, std::string_view event) override;
  void handle(Service::Outcome outcome);
  void handle(Salvage::Outcome outcome);
  void step_down(Succession succession, std::string why);
  void continue_stepping_down();
  void finish_stepping_down();
  /// A sync has failed: what this volume reads may not be on its disk.
  void lost_writes();
  /// To be persisted.
  void distrust_cache();
  void distrust_own_disk();
  void watch_own_disk();
  [[nodiscard]] bool own_disk_hangs() const;
  void set_writable(bool writable);

  // --- checks (node_checks.cpp) ---
  /// After each step: begins and ends checks, and does what has become due of a failed one.
  void tend_checks();
  void act_on(std::size_t check);
  void restart_after(std::size_t check, const std::string& failure);
  void stop_after(std::size_t check, const std::string& failure);
  void swap_back();
  /// The other node has everything, and says that nothing keeps it from serving.
  [[nodiscard]] bool peer_could_serve() const;
  /// "check "web" failed (no answer within 2 s)"
  [[nodiscard]] std::string failure_of(std::size_t check) const;

  // --- console (node_console.cpp) ---
  void command(io::CommandId id, const io::Command& command);
  void begin_counting();
  [[nodiscard]] std::string why() const;
  /// Of a node that waits, and hears nobody.
  [[nodiscard]] std::string why_alone() const;
  [[nodiscard]] std::string next_step_alone() const;
  [[nodiscard]] std::string next_step() const;

  Context context_;
  const NodeId self_;
  const NodeId peer_;

  JournalRecord record_;
  std::map<Ticket, Continuation> persisting_;
  bool booted_ = false;
  bool cleaned_up_ = false;
  bool cache_retained_ = false;  ///< as Booted said
  bool intact_ = false;          ///< nothing that this node ever acknowledged is lost here
  Wish wish_ = Wish::run;
  std::string reason_;  ///< why the last change of role happened
  std::uint64_t random_ = 0;

  std::optional<Voter> voter_;
  std::optional<Recollection> recollection_;
  StandIn stand_in_;
  bool stood_in_ = false;  ///< at the last step
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
  Instant held_until_;        ///< a service that was held over from an earlier life is ended then
  bool writable_ = false;
  Epoch noted_epoch_;  ///< of the newest configuration that this node's journal knows to be decided

  std::optional<NodeState> peer_state_;
  Instant peer_heard_;
  Instant peer_up_since_;
  Instant waiting_since_;
  bool indexed_ = false;  ///< the volume finds objects by identity at once
  std::optional<Instant> attach_sent_;
  Instant attach_not_before_;
  Duration resync_patience_;  ///< with a resync without progress; grows until one ends, or none would on a slow disk
  bool acknowledgement_armed_ = false;
  bool leave_wanted_ = false;

  Succession succession_ = Succession::none;
  bool handing_over_ = false;  ///< mount closed, everything drained: the hand-over may be proposed
  Instant step_down_until_;

  std::optional<CheckpointUnderWay> checkpoint_;
  Instant checkpoint_begun_;
  CommonGround peer_ground_;            ///< as its Attach said
  std::vector<Touch> sent_touches_;     ///< with the last Attach
  std::optional<Lsn> sync_all_wanted_;  ///< as a replica
  Ticket sync_all_;
  bool giving_up_ = false;  ///< the list has become too long, and the journal does not say so yet
  Lsn sync_all_covers_;     ///< and, once nothing is wanted or under way, what this disk holds

  RoleMachine roles_;
  Service service_;
  CheckSchedule checks_;
  RestartBudget budget_;
  bool limit_reached_ = false;  ///< stopped because of it
  bool peer_rejoined_ = false;  ///< since this reign began
  PrimaryStream stream_;
  TouchedSet touched_;
  RequestPipeline pipeline_;
  ReplicaStream replica_;
  ResyncSource source_;
  ResyncTarget target_;
  Salvage salvage_;
  VerifySource verify_source_;
  VerifyTarget verify_target_;
  Instant verify_due_from_;  ///< the interval to the next verify runs from here
  bool look_again_ = false;  ///< at what is known to differ, as soon as the other node is back
};

}  // namespace lockstep::engine

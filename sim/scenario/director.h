// Directs a run by what it sees: the hands and eyes of a named scenario.
//
// Nothing here happens at a fixed time. A scenario waits until the cluster is in the state that it is about, strikes,
// and says what must follow. All waiting advances the world, one scheduled action at a time, so that a condition is
// looked at after every step of every engine.
#pragma once

#include "engine/wire/message.h"
#include "sim/checkers/register_view.h"
#include "sim/violation.h"
#include "sim/world/world.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lockstep::sim {

/// The situation that a scenario is about did not come about with this seed.
struct NotReached {
  std::string what;
};

/// One direction of one cable.
struct Way {
  Place from;
  Place to;
};
constexpr Way way(NodeId from, NodeId to) { return {place_of(from), place_of(to)}; }
constexpr Way to_witness(NodeId from) { return {place_of(from), Place::witness}; }
constexpr Way from_witness(NodeId to) { return {Place::witness, place_of(to)}; }

class Director : public Observer {
 public:
  explicit Director(World& world);

  using Condition = std::function<bool()>;
  using Matches = std::function<bool(const engine::Message& message)>;

  World& world() { return world_; }
  Node& node(NodeId id) { return world_.node(id); }
  /// This scenario's own numbers.
  Random& random() { return random_; }
  [[nodiscard]] Time timeout() const { return world_.mix().timeout; }
  [[nodiscard]] Time now() const { return world_.now(); }

  // --- waiting ---

  /// Whether `condition` holds within `limit`; stops as soon as it does.
  bool until(const Condition& condition, Time limit);
  void pass(Time length) { world_.run_until(now() + length); }
  /// Waits for the situation that the scenario is about; throws NotReached.
  void need(const std::string& what, const Condition& condition, Time limit);
  /// Waits for what must come; throws a Violation of `invariant`.
  void must(const char* invariant, const std::string& what, const Condition& condition, Time limit);
  /// What must be so now.
  static void expect(const char* invariant, bool holds, const std::string& otherwise);
  /// `must_not` for as long as `length`, looked at after every step.
  void never(const char* invariant, const std::string& what, const Condition& condition, Time length);

  // --- what the cluster is doing ---

  /// Waits until both nodes are in sync after their first start; returns the primary.
  NodeId come_up();
  /// Waits until both nodes have noted a common checkpoint and rely on their lists.
  void need_common_ground();
  [[nodiscard]] bool in_sync() const;
  [[nodiscard]] bool has_role(NodeId id, engine::Role role) const;
  /// PRIM or ALONE, ready.
  [[nodiscard]] bool serves(NodeId id) const;
  [[nodiscard]] bool joining(NodeId id) const;
  /// What a majority has voted for, whether or not anybody knows.
  [[nodiscard]] const Configuration& configuration() const { return register_.newest(); }
  [[nodiscard]] bool member(NodeId id) const { return configuration().members.contains(id); }
  /// Waits until `id` is ALONE, serves, and has acknowledged `more` requests as such.
  void need_alone(NodeId id, std::uint64_t more);
  /// Requests that `id` has acknowledged.
  [[nodiscard]] std::uint64_t acknowledged(NodeId id) const { return acknowledged_[index_of(id)]; }
  /// Resyncs that have ended at `id`, and the bytes of contents that they copied.
  [[nodiscard]] std::uint64_t resyncs(NodeId id) const { return resyncs_[index_of(id)]; }
  [[nodiscard]] std::uint64_t bytes_copied(NodeId id) const { return bytes_copied_[index_of(id)]; }
  /// How often the application was told to start at `id`.
  [[nodiscard]] std::uint64_t starts(NodeId id) const { return starts_[index_of(id)]; }
  /// Whether the last resync of `id` compared everything, and not only what was listed.
  [[nodiscard]] bool compared_everything(NodeId id) const { return compared_everything_[index_of(id)]; }

  /// The place in the stream that a request was given last.
  [[nodiscard]] std::optional<Lsn> ordered_as(RequestId request) const;
  /// How often `id` has replicated the operation at that place of the stream in its present life.
  [[nodiscard]] std::uint64_t replicated(NodeId id, Lsn lsn) const;
  /// Damaged frames that a machine has noticed.
  [[nodiscard]] std::uint64_t damaged_frames(Place at) const { return damaged_frames_[index_of(at)]; }

  // --- strikes; each is said in the log ---

  void say(const std::string& text) { world_.observers().directed(text); }
  void kill(Place place);
  void kill(NodeId id) { kill(place_of(id)); }
  /// Whoever starts the daemon keeps its mount.
  void kill_daemon(NodeId id);
  void power_off(Place place);
  void power_off(NodeId id) { power_off(place_of(id)); }
  /// Killed or without power, as drawn.
  void crash(NodeId id);
  void start(Place place);
  void start(NodeId id) { start(place_of(id)); }
  void freeze(Place place);
  void thaw(Place place);
  void cut(Way way);
  void cut(Wire wire);
  /// Every cable of a machine.
  void isolate(NodeId id);
  void heal(Wire wire);
  void heal_network();
  void give(NodeId id, io::Verb verb, bool force = false);
  /// Loses the next frame on its way that matches, and whatever is sent behind it: its connection breaks within
  /// `breaks_after_max`. Says so by `sprung()`. One trap at a time.
  void lose_frame(Way way, Matches matches, Time breaks_after_max);
  /// Calls `then` when the next frame that matches leaves, before it is on its way.
  void at_frame(Way way, Matches matches, std::function<void()> then);
  /// What has not sprung does so no more: a trap may refer to what ends with its scenario.
  void disarm() { trap_.reset(); }
  [[nodiscard]] bool sprung() const { return sprung_; }
  Cable& cable(Way way);
  /// The side of its cable from which a way leads.
  static std::size_t side_of(Way way);

  /// The application of `id` fails by itself.
  void fail(NodeId id, Failing failing, Time length) {
    world_.strike({now(), ApplicationTrouble{id, failing, length}});
  }
  /// `id` lacks what its server must have.
  void deprive(NodeId id, Time length) { world_.strike({now(), ServerTrouble{id, length}}); }
  void trouble_check(NodeId id, std::uint32_t check, CheckConduct conduct, Time length) {
    world_.strike({now(), CheckTrouble{id, check, conduct, length}});
  }

  // --- the application ---

  struct Asked {
    bool answered = false;
    bool aborted = false;  ///< the mount was closed before there was a reply
    io::Reply reply;
    RequestId request;
    Time at = 0;
    Time answered_at = 0;
  };
  /// Asks through `id`'s mount; NotReached if that is closed.
  std::shared_ptr<const Asked> ask(NodeId id, const Operation& operation);
  /// Asks and waits until it is answered with success; NotReached otherwise.
  io::Reply done(NodeId id, const Operation& operation, Time limit);
  /// A new file in the root directory with so many bytes.
  FileId new_file(NodeId id, const std::string& name, std::size_t bytes);
  Buffer draw_bytes(std::size_t count);

  void traced(Place by, const io::TraceEvent& event) override;
  void phase_begins(NodeId node, io::Phase phase) override { starts_[index_of(node)] += phase == io::Phase::start; }
  void stopped(Place place, bool power_lost) override;
  void frame_sent(Place from, io::Endpoint to, const io::Frame& frame) override;

 private:
  struct Trap {
    Way way;
    Matches matches;
    std::function<void()> then;
  };

  World& world_;
  RegisterView register_;
  Random random_;
  std::optional<Trap> trap_;
  bool sprung_ = false;
  std::array<std::uint64_t, 2> acknowledged_{};
  std::array<std::uint64_t, 2> resyncs_{};
  std::array<std::uint64_t, 2> starts_{};
  std::array<std::uint64_t, 2> bytes_copied_{};
  std::array<bool, 2> compared_everything_{};
  std::array<std::uint64_t, 3> damaged_frames_{};
  std::map<RequestId, Lsn> ordered_as_;
  std::array<std::map<Lsn, std::uint64_t>, 2> replicated_;
};

/// Matches messages of one kind.
template <typename Message>
Director::Matches any() {
  return [](const engine::Message& message) { return std::holds_alternative<Message>(message); };
}
/// Matches messages of one kind about which `which` says yes.
template <typename Message, typename Which>
Director::Matches any(Which which) {
  return [which](const engine::Message& message) {
    const auto* found = std::get_if<Message>(&message);
    return found != nullptr && which(*found);
  };
}

}  // namespace lockstep::sim

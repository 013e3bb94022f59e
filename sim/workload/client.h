// The application's users: several requests at once, at whichever node's mount is open. What a user does in a turn is
// drawn from the numbers of that turn, so that a turn that is left out changes nothing of the others' draws.
#pragma once

#include "sim/ports/mount.h"
#include "sim/scheduler.h"
#include "sim/workload/operations.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace lockstep::sim {

class World;
class Node;

class Client : public MountUser {
 public:
  explicit Client(World& world);

  /// Issues about `operations` requests from `at` on, spread over `length`.
  void begin(Time at, std::uint32_t operations, Time length);
  /// No new requests from now on.
  void finish() { finished_ = true; }
  /// How many turns each user has taken so far.
  [[nodiscard]] std::vector<std::uint32_t> turns_taken() const;

  /// One request beside all others, through `node`'s open mount. `answered` is given the reply, or nothing if the
  /// mount was closed before there was one.
  using Answered = std::function<void(const std::optional<io::Reply>& reply)>;
  RequestId ask(NodeId node, const Operation& operation, Answered answered);

  void replied(RequestId request, const io::Reply& reply) override;
  void aborted(RequestId request) override;

 private:
  struct Worker {
    std::uint32_t turn = 0;
    Random pauses{0};     ///< of the present turn
    Random operation{0};  ///< of the present turn
  };

  /// The worker thinks, then takes its turn.
  void prepare_turn(std::uint32_t worker);
  void next_turn(std::uint32_t worker);
  void take_turn(std::uint32_t worker);
  [[nodiscard]] bool left_out(std::uint32_t worker) const;
  Node* open_node(Random& random);

  World& world_;
  OperationSource source_;
  Time think_time_ = 0;
  bool finished_ = false;
  std::vector<Worker> workers_;
  std::uint64_t last_request_ = 0;
  struct Waiting {
    std::uint32_t worker;
    NodeId node;
    Answered answered;  ///< of a request that is no worker's
  };
  std::map<RequestId, Waiting> waiting_;
};

}  // namespace lockstep::sim

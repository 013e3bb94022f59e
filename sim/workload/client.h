// The application's users: several requests at once, at whichever node's mount is open.
#pragma once

#include "sim/ports/mount.h"
#include "sim/scheduler.h"
#include "sim/workload/operations.h"

#include <cstdint>
#include <map>

namespace lockstep::sim {

class World;
class Node;

class Client : public MountUser {
 public:
  Client(World& world, Random random);

  /// Issues about `operations` requests from `at` on, spread over `length`.
  void begin(Time at, std::uint32_t operations, Time length);
  /// No new requests from now on.
  void finish() { finished_ = true; }

  void replied(RequestId request, const io::Reply& reply) override;
  void aborted(RequestId request) override;

 private:
  void next_turn(std::uint32_t worker);
  void take_turn(std::uint32_t worker);
  Node* open_node();

  World& world_;
  Random random_;
  OperationSource source_;
  Time think_time_ = 0;
  bool finished_ = false;
  std::uint64_t last_request_ = 0;
  struct Waiting {
    std::uint32_t worker;
    NodeId node;
  };
  std::map<RequestId, Waiting> waiting_;
};

}  // namespace lockstep::sim

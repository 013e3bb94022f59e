// F14. What happened to others: the load balancer heard OK from both nodes, or OK from one whose application did not
// run, and sent clients to the wrong place.
//
// Injected: one-way cuts among the two nodes and the witness, nodes and witness frozen, the witness lost together with
// the standby, swaps; application phases that take seconds or hang, so that stepping down is slow.
//
// Must hold: what the health address would answer is OK on one node at most at any instant, and only while that node's
// mount is open and its application runs. The checker of health watches that throughout (in every other run too).
#include "sim/scenario/named/named.h"

#include <array>

namespace lockstep::sim {

namespace {
namespace f14 {

constexpr Time in_sync_again_max = 90 * one_second;

void one_way_cuts(Director& d) {
  for (std::int64_t n = d.random().between(1, 3); n > 0; --n) {
    const NodeId node = d.random().pick(std::array{NodeId::first, NodeId::second});
    d.cut(d.random().pick(std::array{way(node, other(node)), to_witness(node), from_witness(node)}));
    d.pass(d.random().between(0, 2 * d.timeout()));
  }
}

void lose_witness_and_standby(Director& d, NodeId standby) {
  d.kill(Place::witness);
  d.pass(d.random().between(0, 50 * one_ms));
  if (d.random().chance(50)) return d.crash(standby);
  d.cut(Wire::peers);
}

void trouble(Director& d, NodeId active) {
  switch (d.random().below(5)) {
    case 0: return lose_witness_and_standby(d, other(active));
    case 1: return d.freeze(d.random().pick(std::array{Place::first, Place::second, Place::witness}));
    case 2: return d.give(active, io::Verb::swap);
    default: return one_way_cuts(d);
  }
}

void direct(Director& d) {
  d.come_up();
  for (std::int64_t n = d.random().between(2, 4); n > 0; --n) {
    const NodeId active = d.serves(NodeId::first) ? NodeId::first : NodeId::second;
    trouble(d, active);
    d.pass(d.random().between(d.timeout() / 2, 6 * d.timeout()));
    d.heal_network();
    for (const Place place : every_place) {
      d.thaw(place);
      d.start(place);
    }
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
}

}  // namespace f14
}  // namespace

const NamedScenario f14_two_healthy_nodes{
    .name = "F14",
    .title = "at most one node answers the load balancer with OK",
    .finds = "keep-writing-without-lease",
    .direct = f14::direct,
};

}  // namespace lockstep::sim

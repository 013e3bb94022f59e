// F15. What happened to others: a power cut took data that had not reached the disk, the product's own record of votes
// and roles included; a flipped bit went through to the copy.
//
// Injected: one node or both lose power under load, or while votes are on their way to the disk of a node or of the
// witness; what was not synced lands in any part, pages torn. In between single bits of frames flip on the way.
//
// Must hold: what was acknowledged and on disk is there (I1), no vote is forgotten (I2), nothing persisted goes back
// (I13); a damaged frame is noticed, never acted upon (I14), and the connection begun anew.
#include "sim/scenario/named/named.h"

#include <array>

namespace lockstep::sim {

namespace {
namespace f15 {

constexpr Time in_sync_again_max = 90 * one_second;
constexpr Time votes_max = 30 * one_second;
constexpr Time frame_max = 10 * one_second;
constexpr Time noticed_by_both = 50 * one_ms;  // that a connection has ended

/// Takes the power of whoever has a record on its way when an election or a leave is under way.
void while_voting(Director& d, NodeId active) {
  const Place victim = d.random().pick(every_place);
  d.kill(d.random().chance(50) ? active : other(active));
  const auto voting = [&] {
    const auto pending = [&](const SimJournal& journal) { return journal.on_its_way() > 0; };
    if (!d.world().machine(victim).running()) return false;
    return victim == Place::witness ? pending(d.world().witness().journal())
                                    : pending(d.node(node_at(victim)).journal());
  };
  if (d.until(voting, votes_max)) d.power_off(victim);
}

void under_load(Director& d) {
  const NodeId first = d.random().pick(std::array{NodeId::first, NodeId::second});
  d.power_off(first);
  if (d.random().chance(60)) {
    d.pass(d.random().between(0, 50 * one_ms));
    d.power_off(other(first));
  }
}

void flip_bits(Director& d) {
  for (std::int64_t n = d.random().between(1, 4); n > 0; --n) {
    const NodeId node = d.random().pick(std::array{NodeId::first, NodeId::second});
    const Way way_of_frame = d.random().pick(std::array{way(node, other(node)), to_witness(node), from_witness(node)});
    const std::uint64_t before = d.damaged_frames(way_of_frame.to);
    d.say("one bit of the next frame flips");
    d.cable(way_of_frame).damage_next(Director::side_of(way_of_frame));
    d.must(
        "I14", "the damaged frame is noticed", [&] { return d.damaged_frames(way_of_frame.to) > before; }, frame_max);
    d.pass(noticed_by_both + d.random().between(0, 300 * one_ms));
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
}

void direct(Director& d) {
  NodeId active = d.come_up();
  for (std::int64_t n = d.random().between(1, 3); n > 0; --n) {
    flip_bits(d);
    active = d.has_role(NodeId::first, engine::Role::prim) ? NodeId::first : NodeId::second;
    if (d.random().chance(50)) {
      under_load(d);
    } else {
      while_voting(d, active);
    }
    for (const Place place : every_place) {
      d.pass(d.random().between(0, 2 * d.timeout()));
      d.start(place);
    }
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
}

}  // namespace f15
}  // namespace

const NamedScenario f15_power_cut_and_bit_flip{
    .name = "F15",
    .title = "power cuts that tear what was not synced, votes too; flipped bits",
    .finds = "accept-older-ballot",
    .direct = f15::direct,
};

}  // namespace lockstep::sim

// N6. In a cluster without a third vote, where each node goes on by itself, the nodes meet again at the moment when the
// standby one goes on alone: its vote is on its way to the disk, and it hears that the other one serves.
//
// Injected: the link between the nodes is cut, again and again, for about as long as that takes; the application writes
// over the same files meanwhile.
//
// Must hold: the standby node follows the other one or has replaced it, and its tree is never a mixture of both
// histories that somebody serves (I1, I17); the nodes are in sync in the end.
#include "sim/scenario/named/named.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
namespace n06 {

constexpr int reunions = 12;
/// Whoever is cut off knows of the last heartbeat before, and it takes a moment to call each other again.
constexpr Time shorter_max = 150 * one_ms;
constexpr Time elected_within = 30 * one_second;
constexpr Time in_sync_again_within = 90 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.isolation = engine::Isolation::takeover;
  mix.operations = 300;
  mix.prefilled_objects = 20;
}

void direct(Director& d) {
  const NodeId standby = other(d.come_up());
  const Time cut_at = d.now();
  d.cut(Wire::peers);
  d.must(
      "isolation", "the standby node goes on alone", [&] { return d.has_role(standby, engine::Role::alone); },
      elected_within);
  const Time silence = d.now() - cut_at;
  d.heal_network();
  for (int reunion = 0; reunion < reunions; ++reunion) {
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_within);
    d.cut(Wire::peers);
    d.pass(silence - std::min(silence, d.random().between(0, shorter_max)));
    d.heal_network();
  }
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_within);
}

}  // namespace n06
}  // namespace

const NamedScenario n06_reunion_at_election{
    .name = "N6",
    .title = "without a third vote, the nodes meet again just when the standby one goes on alone",
    .seeds = 300,
    .finds = "replaced-primary-copies",
    .prepare = n06::prepare,
    .direct = n06::direct,
};

}  // namespace lockstep::sim

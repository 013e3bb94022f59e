// N4. In a cluster without a third vote, where each node goes on by itself, the active server loses its power.
//
// Injected: that; in half of the runs the other server lacks what it must have to serve (a gateway does not answer it),
// for a while.
//
// Must hold: the other server takes over with everything that was acknowledged (I1), but not while it lacks what it
// must have: then it may be the one that is cut off. Whoever returns is brought up to date.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace n04 {

constexpr Time noticed_within = 4 * one_second;
constexpr Time takes_over_besides = 20 * one_second;  // the application's own phases, the slowest of them
constexpr int timeouts_cut_off = 6;                   // of more it would know too little of the other one (N5)
constexpr Time for_ever = 1000 * one_second;
constexpr Time in_sync_again_within = 90 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.isolation = engine::Isolation::takeover;
  mix.checks = true;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool cut_off = d.random().chance(50);
  if (cut_off) {
    d.deprive(standby, for_ever);
    d.pass(d.random().between(noticed_within, 2 * noticed_within));
    d.need(
        "both nodes are in sync", [&] { return d.in_sync() && d.serves(active); }, takes_over_besides);
  }
  d.power_off(active);
  if (cut_off) {
    d.never(
        "checks", "a server goes on alone without what it must have", [&] { return d.serves(standby); },
        timeouts_cut_off * d.timeout());
    d.node(standby).checks().set_lacking(false);
  }
  d.must(
      "isolation", "the other server takes over", [&] { return d.serves(standby); },
      3 * d.timeout() + takes_over_besides);
  d.start(active);
  d.must(
      "I9", "the server that has its power again is brought up to date", [&] { return d.in_sync(); },
      in_sync_again_within);
  d.expect("isolation", d.serves(standby), "the service has moved for a server that only came back");
}

}  // namespace n04
}  // namespace

const NamedScenario n04_power_cut_without_third_vote{
    .name = "N4",
    .title = "without a third vote, a power cut is survived, unless the other server may be the one that is cut off",
    .finds = "unfit-takes-over",
    .prepare = n04::prepare,
    .direct = n04::direct,
};

}  // namespace lockstep::sim

// C4. The application hangs while the other server is away, or has just come back and is still being brought up to
// date.
//
// Injected: the other server is killed or loses its power, and the application hangs after that, in some runs when the
// other one is back.
//
// Must hold: nobody ends the service for a server that does not have everything: the application is restarted where it
// is, and serves again. If the other one was in sync by then, it may take over instead.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c04 {

constexpr Time hangs_for_ever = 1000 * one_second;
constexpr Time noticed_within = 2500 * one_ms;
constexpr Time serves_again_within = 40 * one_second;
constexpr Time grace = 3 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.checks = true;
  mix.restarts_max = 3;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  d.crash(standby);
  d.need_alone(active, 10);
  d.pass(grace);
  const bool comes_back = d.random().chance(50);
  if (comes_back) d.start(standby);
  d.fail(active, Failing::hangs, hangs_for_ever);
  d.must(
      "checks", "it is noticed", [&] { return !d.serves(active); }, noticed_within);
  d.must(
      "checks", "the application serves again",
      [&] { return (d.serves(active) && d.node(active).application().well()) || (comes_back && d.serves(standby)); },
      serves_again_within);
}

}  // namespace c04
}  // namespace

const NamedScenario c04_nobody_to_fail_over_to{
    .name = "C4",
    .title = "nobody fails over to a server that does not have everything",
    .finds = "fails-over-to-nobody",
    .prepare = c04::prepare,
    .direct = c04::direct,
};

}  // namespace lockstep::sim

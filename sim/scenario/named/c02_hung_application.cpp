// C2. The application hangs: its process is there, connections to it are not answered, and it does not end when it is
// told to.
//
// Injected: the application hangs until it is started anew; in some runs the other server is brought up to date right
// before.
//
// Must hold: after as many looks as the check may miss, each with its time, the other server takes over: once the
// application was told to stop, told again with force, and killed. Nothing that was acknowledged is lost (I1).
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c02 {

constexpr Time hangs_for_ever = 1000 * one_second;
/// Three looks, one each 500 ms, with 400 ms and a little for the last.
constexpr Time noticed_within = 2500 * one_ms;
/// Stop and forced stop with all of their time, poststop and a start as slow as they get, the hand-over.
constexpr Time taken_over_within = 30 * one_second;
constexpr Time grace = 3 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.checks = true;
  mix.restarts_max = 3;
}

void direct(Director& d) {
  NodeId active = d.come_up();
  if (d.random().chance(30)) {
    d.kill(other(active));
    d.pass(d.random().between(0, 2 * d.timeout()));
    d.start(other(active));
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
    active = d.serves(NodeId::first) ? NodeId::first : NodeId::second;
  }
  d.pass(grace);
  d.fail(active, Failing::hangs, hangs_for_ever);
  d.must(
      "checks", "it is noticed", [&] { return !d.serves(active); }, noticed_within);
  d.must(
      "checks", "the other server serves", [&] { return d.serves(other(active)); }, taken_over_within);
  d.must(
      "I9", "both are in sync", [&] { return d.in_sync(); }, in_sync_again_max);
  d.never(
      "checks", "the application goes back", [&] { return d.serves(active); }, grace);
}

}  // namespace c02
}  // namespace

const NamedScenario c02_hung_application{
    .name = "C2",
    .title = "an application that hangs fails over in the time that its check has",
    .finds = "hanging-check-waited-for",
    .prepare = c02::prepare,
    .direct = c02::direct,
};

}  // namespace lockstep::sim

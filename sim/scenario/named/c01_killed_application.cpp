// C1. A process of the application is killed (out of memory, a bug, an administrator's mistake); the servers are well.
//
// Injected: the process ends by itself, now and then again after it is back; in some runs another check is slow, so
// that what it found of the old process arrives when the new one runs.
//
// Must hold: the restart begins within 2 s, most of the time at once; the application is back on the same server, and
// was started once for each death; the other server never serves.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c01 {

constexpr Time noticed_within = 2 * one_second;
constexpr Time back_within = 30 * one_second;  // the slowest of stop, poststop, prestart and start
constexpr Time quiet = 4 * one_second;
constexpr std::uint32_t service_check = 1;

void prepare(Mix& mix, Random& /*random*/) {
  mix.checks = true;
  mix.restarts_max = 4;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  d.pass(quiet);
  for (std::int64_t n = d.random().between(1, 3); n > 0; --n) {
    const std::uint64_t starts = d.starts(active);
    if (d.random().chance(30)) d.trouble_check(active, service_check, CheckConduct::slow, one_second);
    d.fail(active, Failing::dies, 0);
    d.must(
        "checks", "the restart begins", [&] { return !d.serves(active); }, noticed_within);
    d.must(
        "checks", "the application runs again, where it ran",
        [&] { return d.has_role(active, engine::Role::prim) && d.node(active).application().well(); }, back_within);
    d.never(
        "checks", "what runs again is restarted, or moved",
        [&] { return !d.serves(active) || d.serves(other(active)); }, quiet);
    d.expect("checks", d.starts(active) == starts + 1, "the application was not started once");
  }
}

}  // namespace c01
}  // namespace

const NamedScenario c01_killed_application{
    .name = "C1",
    .title = "a killed application is restarted where it ran",
    .finds = "check-kept-after-stop",
    .prepare = c01::prepare,
    .direct = c01::direct,
};

}  // namespace lockstep::sim

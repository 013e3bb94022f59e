// N5. In a cluster without a third vote, where each node goes on by itself, a server comes back that knows nothing of
// what the other one has done meanwhile, and does not hear it.
//
// Injected: the standby server's daemon ends, or it loses every network; the active one goes on alone and writes; then
// the other one is back on its own, with nobody to hear.
//
// Must hold: it does not serve what is old; when it hears the other one again it is brought up to date, and nothing of
// what was acknowledged is kept aside (I1, I17).
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace n05 {

constexpr Time goes_on_within = 30 * one_second;
constexpr Time waits = 20 * one_second;
constexpr Time for_ever = 1000 * one_second;
constexpr Time in_sync_again_within = 90 * one_second;
constexpr std::uint64_t lone_requests = 5;
constexpr int timeouts_away = 15;

void prepare(Mix& mix, Random& /*random*/) {
  mix.isolation = engine::Isolation::takeover;
  mix.checks = true;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool ends = d.random().chance(50);
  if (ends) {
    d.kill(standby);
  } else {
    // Without it the standby would, rightly, take over at once.
    d.deprive(standby, for_ever);
    d.pass(4 * one_second);
  }
  d.cut(Wire::peers);
  d.must(
      "isolation", "the active side goes on alone", [&] { return d.has_role(active, engine::Role::alone); },
      goes_on_within);
  d.need_alone(active, lone_requests);
  d.pass(timeouts_away * d.timeout());
  if (ends) {
    d.start(standby);
  } else {
    d.node(standby).checks().set_lacking(false);
  }
  d.never(
      "isolation", "a server goes on alone with what is old", [&] { return d.serves(standby); }, waits);
  d.heal_network();
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_within);
  d.expect("isolation", d.serves(active), "the service has moved for a server that only came back");
  d.expect("I17", d.node(active).volume().kept().empty(), "what was acknowledged was taken for what is left behind");
}

}  // namespace n05
}  // namespace

const NamedScenario n05_stale_without_third_vote{
    .name = "N5",
    .title = "without a third vote, a server that has been away for long does not go on alone",
    .finds = "stale-goes-on-alone",
    .prepare = n05::prepare,
    .direct = n05::direct,
};

}  // namespace lockstep::sim

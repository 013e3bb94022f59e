// C5. A server loses what it must have to serve, for example its way to the users.
//
// Injected: the active server lacks it for a while; in some runs the other one does, too, before or after.
//
// Must hold: a server that lacks it does not go on serving, and does not take over; one that has it does. Where both
// lack it, both wait, and the first that has it again serves, without a person.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c05 {

constexpr Time noticed_within = 4 * one_second;
constexpr Time moves_within = 30 * one_second;
constexpr Time waits = 10 * one_second;
constexpr Time for_ever = 1000 * one_second;

void prepare(Mix& mix, Random& /*random*/) { mix.checks = true; }

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool both = d.random().chance(60);
  if (both) {
    d.deprive(standby, for_ever);
    d.pass(d.random().between(noticed_within, 2 * noticed_within));
  }
  d.deprive(active, for_ever);
  d.must(
      "checks", "the server does not go on serving", [&] { return !d.serves(active); }, noticed_within);
  if (!both) {
    d.must(
        "checks", "the other server serves", [&] { return d.serves(standby); }, moves_within);
    return;
  }
  d.never(
      "checks", "a server serves without what it must have", [&] { return d.serves(active) || d.serves(standby); },
      waits + d.random().between(0, waits));
  const NodeId first = d.random().chance(50) ? active : standby;
  d.node(first).checks().set_lacking(false);
  d.must(
      "checks", "the one that has it again serves", [&] { return d.serves(first); }, moves_within);
}

}  // namespace c05
}  // namespace

const NamedScenario c05_server_lacks_something{
    .name = "C5",
    .title = "a server that lacks what it must have leaves the service to the other one, or waits",
    .finds = "unfit-takes-over",
    .prepare = c05::prepare,
    .direct = c05::direct,
};

}  // namespace lockstep::sim

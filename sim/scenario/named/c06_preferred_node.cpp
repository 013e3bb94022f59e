// C6. The application rather runs on one of the servers, and goes back there by itself.
//
// Injected: the preferred server crashes and comes back; later an administrator swaps by hand.
//
// Must hold: once the preferred server is in sync again, the application goes back to it, once, as in a swap by hand. A
// swap by hand is meant: the application stays where it was put.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c06 {

constexpr NodeId preferred = NodeId::first;  // as the world's settings have it
constexpr Time goes_back_within = 60 * one_second;
constexpr Time swapped_within = 30 * one_second;
constexpr Time stays = 10 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.checks = true;
  mix.swaps_back = true;
}

void direct(Director& d) {
  d.come_up();
  const auto at_home = [&] { return d.in_sync() && d.has_role(preferred, engine::Role::prim); };
  d.must("checks", "the application runs on the preferred server", at_home, goes_back_within);
  d.crash(preferred);
  d.need_alone(other(preferred), 10);
  d.start(preferred);
  d.must("checks", "the application has gone back to the preferred server", at_home, goes_back_within);
  d.give(preferred, io::Verb::swap);
  d.must(
      "checks", "the other server serves after a swap by hand",
      [&] { return d.in_sync() && d.has_role(other(preferred), engine::Role::prim); }, swapped_within);
  d.never(
      "checks", "a swap by hand is undone", [&] { return d.serves(preferred); }, stays);
}

}  // namespace c06
}  // namespace

const NamedScenario c06_preferred_node{
    .name = "C6",
    .title = "the application goes back to the preferred server, but not against a swap by hand",
    .finds = "hand-over-before-stopped",
    .prepare = c06::prepare,
    .direct = c06::direct,
};

}  // namespace lockstep::sim

// F20. What happened to others: only the link between the nodes failed; both restarted their application, or the active
// side was moved although it was well.
//
// Injected: the link between the nodes is cut in both directions or in one, both reach the witness; in some runs the
// standby or the witness is restarted meanwhile.
//
// Must hold: the active side stays active, alone, and its application is not restarted; the other does not serve.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace f20 {

constexpr Time alone_max = 15 * one_second;  // a cut connection is given up after 2 to 10 s

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const std::array directions{way(active, standby), way(standby, active)};
  if (d.random().chance(30)) {
    d.cut(d.random().pick(directions));
  } else {
    d.cut(Wire::peers);
  }
  const auto moved = [&] { return d.serves(standby) || !d.serves(active); };
  const Time apart = alone_max + d.random().between(0, 4 * d.timeout());
  const Time until_bounce = d.random().between(0, apart);
  d.never("I15", "the active side is moved", moved, until_bounce);
  switch (d.random().below(4)) {
    case 0:
      d.kill(standby);
      d.never("I15", "the active side is moved", moved, d.random().between(0, 2 * one_second));
      d.start(standby);
      break;
    case 1:
      // Alone already: a majority without the witness is the node itself and nobody, so not for long.
      d.kill(Place::witness);
      d.never("I15", "the active side is moved", moved, d.random().between(0, d.timeout() / 8));
      d.start(Place::witness);
      break;
    default: break;
  }
  d.never("I15", "the active side is moved", moved, apart - until_bounce);
  d.expect("I9", d.has_role(active, engine::Role::alone), "the active side does not go on alone");
}

}  // namespace f20
}  // namespace

const NamedScenario f20_only_the_peers_are_cut{
    .name = "F20",
    .title = "only the link between the nodes is cut: the active side stays",
    .finds = "lease-granted-twice",
    .direct = f20::direct,
};

}  // namespace lockstep::sim

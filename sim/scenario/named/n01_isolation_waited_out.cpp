// N1. Two servers without a third vote do not hear each other, and isolation is to be waited out: nobody can prove that
// the other one is down.
//
// Injected: the link between the nodes is cut; or one of them fails; in some runs a node is restarted meanwhile.
//
// Must hold: the active side ends within its lease (I15), and neither serves until both hear each other again; then one
// does, without a person, and nobody has anything that the other lacks.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace n01 {

constexpr Time noticed_within = 5 * one_second;
constexpr Time waits = 10 * one_second;
constexpr Time serves_again_within = 60 * one_second;

void prepare(Mix& mix, Random& /*random*/) { mix.isolation = engine::Isolation::wait; }

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool cut = d.random().chance(60);
  if (cut) {
    d.cut(Wire::peers);
  } else {
    d.crash(standby);
  }
  d.must(
      "I15", "the active side ends within its lease", [&] { return !d.serves(active); },
      2 * d.timeout() + noticed_within);
  const auto either = [&] { return d.serves(active) || d.serves(standby); };
  d.never("I15", "a node serves by itself", either, waits + d.random().between(0, waits));
  if (cut && d.random().chance(50)) {
    const NodeId bounced = d.random().pick(std::array{active, standby});
    d.kill(bounced);
    d.start(bounced);
    d.never("I15", "a node serves by itself", either, waits);
  }
  d.start(standby);
  d.heal_network();
  d.must("I9", "a node serves again", either, serves_again_within);
}

}  // namespace n01
}  // namespace

const NamedScenario n01_isolation_waited_out{
    .name = "N1",
    .title = "without a third vote, isolation is waited out by both nodes",
    .finds = "stand-in-while-waiting",
    .prepare = n01::prepare,
    .direct = n01::direct,
};

}  // namespace lockstep::sim

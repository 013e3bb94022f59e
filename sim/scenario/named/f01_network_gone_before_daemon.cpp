// F1. What happened to others: a server was shut down, its network went before its daemon; when it came back the two
// sides shook hands halfway, the handshake cleared the record of what differed, and the stale copy was put to use.
//
// Injected: the standby's cables are cut, then its daemon ends (told to stop, killed, or with the machine's power). The
// primary goes on alone and writes. The standby comes back over a connection that breaks several times in the
// handshake; then the primary fails while the standby is still stale.
//
// Must hold: the stale standby never serves (I1); once it has been brought up to date it takes over with everything
// (I1, I7, I11).
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace f01 {

constexpr Time in_sync_again_max = 60 * one_second;
constexpr Time primary_away = 10 * one_second;
constexpr Time take_over_max = 30 * one_second;

void standby_goes(Director& d, NodeId standby) {
  d.isolate(standby);
  d.pass(d.random().between(0, 2 * d.timeout()));
  switch (d.random().below(3)) {
    case 0:
      d.give(standby, io::Verb::stop);
      d.pass(d.random().between(0, one_second));
      d.kill(standby);
      break;
    case 1: d.kill(standby); break;
    default: d.power_off(standby); break;
  }
}

/// Handshakes that do not come to their end.
void half_handshakes(Director& d, NodeId active, NodeId standby) {
  for (std::int64_t n = d.random().between(1, 2); n > 0; --n) {  // with the primary's end three resyncs begin
    const std::array ways{way(active, standby), way(standby, active)};
    const Way torn = d.random().pick(ways);
    std::int64_t frames = d.random().between(1, 6);
    d.lose_frame(
        torn, [frames](const engine::Message&) mutable { return --frames == 0; }, 300 * one_ms);
    d.need(
        "a handshake is torn", [&] { return d.sprung(); }, 20 * one_second);
  }
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  if (d.random().chance(50)) d.need_common_ground();
  standby_goes(d, standby);
  d.need_alone(active, 5);
  d.heal_network();
  d.start(standby);
  half_handshakes(d, active, standby);
  if (!d.has_role(standby, engine::Role::second)) {
    d.kill(active);
    d.never(
        "I1", "a stale node serves", [&] { return d.serves(standby) && !d.member(standby); }, primary_away);
    d.start(active);
  }
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  const NodeId now_active = d.has_role(active, engine::Role::prim) ? active : standby;
  d.kill(now_active);
  d.must(
      "I1", "the other node takes over", [&] { return d.serves(other(now_active)); }, take_over_max);
}

}  // namespace f01
}  // namespace

const NamedScenario f01_network_gone_before_daemon{
    .name = "F1",
    .title = "the network goes before the daemon; half a handshake does not make a stale copy a good one",
    .finds = "promote-while-stale",
    .direct = f01::direct,
};

}  // namespace lockstep::sim

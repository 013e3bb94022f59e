// F8. What happened to others: the link between the nodes failed, the primary acknowledged alone and died before
// anybody had recorded that it was alone; the other node took over without those writes.
//
// Injected: only the link between the nodes is cut, while the application writes. When the primary proposes to leave
// the other node out, it is killed within milliseconds: its proposal is lost on the way to the witness, or the
// witness's record has landed, or the decision is known and the first acknowledgements given.
//
// Must hold: no acknowledgement without the peer before the witness has the record (I5); where the witness has it, the
// other node does not take over; where it has not, it does (I1).
#include "engine/cluster/journal_record.h"
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f08 {

constexpr Time leave_max = 20 * one_second;
constexpr Time take_over_max = 40 * one_second;
constexpr Time landing_max = 200 * one_ms;  // of a record that was on its way to the witness's disk
constexpr Time primary_away = 8 * one_second;

/// The witness has accepted that `node` is the only member.
bool recorded(Director& d, NodeId node) {
  const auto record = engine::decode_journal(d.world().witness().journal().durable());
  return record && record->voter.accepted.members == Members::only(node) && record->voter.accepted.primary == node;
}

void kill_within_milliseconds(Director& d, NodeId active) {
  d.pass(d.random().between(0, 5 * one_ms));
  d.crash(active);
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const auto leaving =
      any<engine::Accept>([=](const engine::Accept& accept) { return accept.value.members == Members::only(active); });
  const std::uint64_t moment = d.random().below(3);
  if (moment == 0) {
    d.lose_frame(to_witness(active), leaving, one_second);
  } else {
    d.at_frame(to_witness(active), leaving, [] {});
  }
  d.cut(Wire::peers);
  for (int n = 0; n < 3; ++n) d.ask(active, create_file(FileId::root(), "alone" + std::to_string(n)));
  d.need(
      "the primary proposes to go on alone", [&] { return d.sprung(); }, leave_max);
  if (moment == 1)
    d.need(
        "the witness has recorded it", [&] { return recorded(d, active); }, leave_max);
  if (moment == 2) {
    const std::uint64_t before = d.acknowledged(active);
    d.need(
        "the primary acknowledges alone", [&] { return d.acknowledged(active) > before; }, leave_max);
  }
  kill_within_milliseconds(d, active);
  d.pass(landing_max + d.random().between(0, d.timeout()));
  const bool stays_out = recorded(d, active);
  d.heal(Wire::peers);
  if (stays_out) {
    d.never(
        "I1", "the node that was left out serves", [&] { return d.serves(standby); }, primary_away);
  } else {
    d.must(
        "I1", "the node that was not left out takes over", [&] { return d.serves(standby); }, take_over_max);
  }
}

}  // namespace f08
}  // namespace

const NamedScenario f08_degraded_but_not_recorded{
    .name = "F8",
    .title = "the primary dies within milliseconds of going on alone, recorded by the witness or not",
    .finds = "leave-after-acknowledging",
    .direct = f08::direct,
};

}  // namespace lockstep::sim

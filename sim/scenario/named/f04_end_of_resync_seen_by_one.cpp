// F4. What happened to others: one side believed that the resync had ended, the other did not, and they waited for each
// other for ever.
//
// Injected: each message of the final handshake (the last answered pull, "caught up", the vote on the admission with
// its answers, the news of the decision) is lost with its connection, one a run; the witness is restarted meanwhile in
// half of the runs.
//
// Must hold: without any help both are in sync within a bound (I9), and equal (I11).
#include "sim/scenario/named/named.h"

#include <array>

namespace lockstep::sim {

namespace {
namespace f04 {

constexpr Time step_max = 30 * one_second;
constexpr Time in_sync_again_max = 40 * one_second;
constexpr Time breaks_after_max = 2 * one_second;

/// An Accept that makes both nodes members.
Director::Matches admission() {
  return any<engine::Accept>([](const engine::Accept& accept) { return accept.value.members == Members::both(); });
}

struct Step {
  const char* name;
  void (*lose)(Director& d, NodeId active, NodeId standby);
};

constexpr std::array steps{
    Step{"the last operation of a pull",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(active, standby), any<engine::StreamOperation>([](const engine::StreamOperation& message) {
                          return message.operation.kind == OperationKind::filled;
                        }),
                        breaks_after_max);
         }},
    Step{"the answer to Attach",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(active, standby), any<engine::Attached>(), breaks_after_max);
         }},
    Step{"CaughtUp",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(standby, active), any<engine::CaughtUp>(), breaks_after_max);
         }},
    Step{"the proposal to the joiner",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(active, standby), admission(), breaks_after_max);
         }},
    Step{"the proposal to the witness",
         [](Director& d, NodeId active, NodeId) { d.lose_frame(to_witness(active), admission(), breaks_after_max); }},
    Step{"the joiner's vote",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(standby, active), any<engine::Accepted>(), breaks_after_max);
         }},
    Step{"the witness's vote",
         [](Director& d, NodeId active, NodeId) {
           d.lose_frame(from_witness(active), any<engine::Accepted>(), breaks_after_max);
         }},
    Step{"the news of the decision",
         [](Director& d, NodeId active, NodeId standby) {
           d.lose_frame(way(active, standby), any<engine::Decided>([](const engine::Decided& news) {
                          return news.configuration.members == Members::both();
                        }),
                        breaks_after_max);
         }},
};

void prepare(Mix& mix, Random&) { mix.prefilled_objects = std::max(mix.prefilled_objects, 5U); }

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  d.crash(standby);
  d.need_alone(active, 5);
  const Step& step = steps[d.world().scenario().seed % steps.size()];
  step.lose(d, active, standby);
  d.start(standby);
  d.need(
      std::string("lost: ") + step.name, [&] { return d.sprung(); }, step_max);
  if (d.random().chance(50)) {
    d.kill(Place::witness);
    d.pass(d.random().between(0, 2 * d.timeout()));
    d.start(Place::witness);
  }
  d.must(
      "I9", "both are in sync without further help", [&] { return d.in_sync(); }, in_sync_again_max);
}

}  // namespace f04
}  // namespace

const NamedScenario f04_end_of_resync_seen_by_one{
    .name = "F4",
    .title = "each message of the end of a resync is lost in turn",
    .finds = "admit-before-caught-up",
    .prepare = f04::prepare,
    .direct = f04::direct,
};

}  // namespace lockstep::sim

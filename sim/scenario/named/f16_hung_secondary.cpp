// F16. What happened to others: the secondary hung, neither dead nor working, and the application on the primary froze
// for 30 to 300 seconds.
//
// Injected: the secondary's process is frozen, or its disk hangs in every operation, or only in syncs, while the
// application writes and syncs; in some runs so much that the queue between the nodes is filled.
//
// Must hold: no request waits longer than `timeout` and an allowance for deciding to go on alone (I16); then the
// primary is ALONE; a secondary that works again comes back.
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <algorithm>
#include <vector>

namespace lockstep::sim {

namespace {
namespace f16 {

/// Beyond `timeout`: a vote with its journal's slowest writes, a retry of it, and the local disk's own stalls.
constexpr Time allowance = 1500 * one_ms;
constexpr Time hung_for_ever = 1000 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;

void hang(Director& d, NodeId standby) {
  SimVolume::Speed& speed = d.node(standby).volume().speed();
  switch (d.random().below(3)) {
    case 0: return d.freeze(place_of(standby));
    case 1:
      d.say("the secondary's disk hangs in every operation");
      speed.apply_max = hung_for_ever;
      break;
    default: d.say("the secondary's disk hangs in syncs"); break;
  }
  speed.sync_max = hung_for_ever;
}

void recover(Director& d, NodeId standby) {
  d.node(standby).volume().speed() = {};
  d.thaw(place_of(standby));
  // What hangs in the kernel hangs until the process ends.
  d.kill(standby);
  d.start(standby);
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool fill = d.random().chance(30);
  hang(d, standby);
  std::vector<std::shared_ptr<const Director::Asked>> asked;
  const Time limit = d.timeout() + allowance;
  const Time end = d.now() + 2 * limit;
  while (d.now() < end) {
    const std::int64_t burst = fill ? 40 : d.random().between(1, 4);
    for (std::int64_t n = 0; n < burst; ++n) asked.push_back(d.ask(active, sync_of(FileId::none())));
    asked.push_back(d.ask(active, create_file(FileId::root(), "busy" + std::to_string(asked.size()))));
    d.pass(d.random().between(20 * one_ms, 300 * one_ms));
    for (const auto& each : asked) {
      d.expect("I16", each->answered || d.now() - each->at <= limit + 300 * one_ms,
               "a request waits longer than `timeout` and " + in_ms(allowance) + " for a hung secondary");
    }
    std::erase_if(asked, [](const auto& each) { return each->answered; });
  }
  d.expect("I16", d.has_role(active, engine::Role::alone), "the primary is not ALONE beside a hung secondary");
  recover(d, standby);
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
}

}  // namespace f16
}  // namespace

const NamedScenario f16_hung_secondary{
    .name = "F16",
    .title = "a secondary that hangs delays the application for `timeout` at most",
    .seeds = 60,
    .finds = "leave-after-acknowledging",
    .direct = f16::direct,
};

}  // namespace lockstep::sim

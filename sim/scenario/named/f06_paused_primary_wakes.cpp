// F6. What happened to others: a primary was frozen (a virtual machine paused, a hypervisor's snapshot), the other node
// took over, and the first woke up and wrote what it had in its queues.
//
// Injected: the primary's process is frozen with writes queued, longer than every timeout; the other node takes over
// and works; then the first goes on.
//
// Must hold: never both able to complete a write (I3); no start before the old lease has run out (I15); the woken node
// serves no more until it is the primary again.
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f06 {

constexpr Time take_over_besides = 20 * one_second;  // the application's own phases, the slowest of them
constexpr Time lone_work_max = 30 * one_second;

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const std::int64_t writes = d.random().between(1, 8);
  std::vector<std::shared_ptr<const Director::Asked>> queued;
  for (std::int64_t n = 0; n < writes; ++n) {
    queued.push_back(d.ask(active, create_file(FileId::root(), "queued" + std::to_string(n))));
  }
  d.pass(d.random().between(0, 2 * one_ms));
  d.freeze(place_of(active));
  d.must(
      "I15", "the other node takes over", [&] { return d.serves(standby); }, 3 * d.timeout() + take_over_besides);
  const std::int64_t works = d.random().between(1, 8);
  for (std::int64_t n = 0; n < works; ++n) {
    d.done(standby, create_file(FileId::root(), "after" + std::to_string(n)), lone_work_max);
  }
  const std::uint64_t before = d.acknowledged(active);
  d.thaw(place_of(active));
  d.never(
      "I3", "a primary that has been replaced serves on", [&] { return d.acknowledged(active) != before; },
      d.random().between(100 * one_ms, 3 * d.timeout()));
}

}  // namespace f06
}  // namespace

const NamedScenario f06_paused_primary_wakes{
    .name = "F6",
    .title = "a frozen primary wakes up after it has been replaced",
    .finds = "keep-writing-without-lease",
    .direct = f06::direct,
};

}  // namespace lockstep::sim

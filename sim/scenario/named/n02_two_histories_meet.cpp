// N2. Two servers without a third vote do not hear each other, and each is to go on by itself.
//
// Injected: the link between the nodes is cut until both serve; the application writes on both; then it is healed.
//
// Must hold: the active side goes on without its application being restarted, and the other one takes over; when they
// hear each other again exactly one of them serves, under the higher epoch, and both are in sync in the end. What only
// the one that gave way has written is kept aside (I17).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace n02 {

constexpr Time both_serve_within = 30 * one_second;
constexpr Time lone_work_max = 30 * one_second;
constexpr Time in_sync_again_within = 90 * one_second;

void prepare(Mix& mix, Random& /*random*/) { mix.isolation = engine::Isolation::takeover; }

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const std::uint64_t starts = d.starts(active);
  d.cut(Wire::peers);
  d.must(
      "isolation", "each node goes on by itself", [&] { return d.serves(active) && d.serves(standby); },
      both_serve_within);
  d.expect("isolation", d.starts(active) == starts, "the application of the active side was started anew");
  for (std::int64_t n = d.random().between(1, 6); n > 0; --n) {
    for (const NodeId node : every_node) {
      const std::string name = "alone-" + std::string(to_string(node)) + "-" + std::to_string(n);
      d.done(node, create_file(FileId::root(), name), lone_work_max);
    }
  }
  d.heal_network();
  d.must(
      "isolation", "the side with the lower epoch gives way", [&] { return !d.serves(active); }, in_sync_again_within);
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_within);
  d.expect("isolation", d.serves(standby), "the side with the higher epoch does not serve on");
  d.expect("I17", !d.node(active).volume().kept().empty(), "nothing is kept of what only one side has written");
}

}  // namespace n02
}  // namespace

const NamedScenario n02_two_histories_meet{
    .name = "N2",
    .title = "without a third vote, each node goes on by itself; they meet again, and one gives way",
    .finds = "lone-history-not-kept",
    .prepare = n02::prepare,
    .direct = n02::direct,
};

}  // namespace lockstep::sim

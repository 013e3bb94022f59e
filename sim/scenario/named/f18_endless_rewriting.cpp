// F18. What happened to others: a busy application rewrote the same blocks over and over; the resync sent them again
// and again and never ended.
//
// Injected: while the standby is brought up to date the application rewrites the same regions without end; for a while
// faster than the link between the nodes can carry, then at a rate that it can.
//
// Must hold: the resync ends within a bound after the application's rate fits the link again, while it goes on writing
// (I9).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f18 {

constexpr std::size_t region_bytes = 16 << 10;
constexpr std::int64_t link_bytes_per_second = 500'000;
constexpr Time faster_than_link = 20 * one_ms;   // a region each: 0.8 MB/s
constexpr Time slower_than_link = 100 * one_ms;  // 0.16 MB/s
constexpr Time in_sync_max = 60 * one_second;

/// Rewrites a region again and again until it is destroyed.
class Rewriter {
 public:
  Rewriter(Director& d, NodeId active, FileId file) : d_(d), active_(active), file_(file) {}

  void turn() {
    if (!d_.node(active_).mount().is_open()) throw NotReached{"the application goes on"};
    const std::uint64_t offset = region_bytes * d_.random().below(2);
    d_.ask(active_, write_at(file_, offset, d_.draw_bytes(region_bytes)));
  }

 private:
  Director& d_;
  NodeId active_;
  FileId file_;
};

void prepare(Mix& mix, Random&) {
  mix.operations = 20;
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const FileId file = d.new_file(active, "busy", 2 * region_bytes);
  d.crash(standby);
  d.need_alone(active, 1);
  Rewriter application(d, active, file);
  application.turn();
  d.world().cable(Wire::peers).weather().bytes_per_second_max = link_bytes_per_second;
  d.start(standby);
  d.need(
      "the standby is being brought up to date", [&] { return d.joining(standby); }, 30 * one_second);
  const Time fits_again = d.now() + d.random().between(2 * one_second, 8 * one_second);
  while (d.now() < fits_again) {
    application.turn();
    d.pass(faster_than_link);
  }
  const Time limit = d.now() + in_sync_max;
  while (!d.in_sync()) {
    application.turn();
    d.pass(slower_than_link);
    d.expect("I9", d.now() < limit, "the resync does not end while the application goes on writing");
  }
}

}  // namespace f18
}  // namespace

const NamedScenario f18_endless_rewriting{
    .name = "F18",
    .title = "the application rewrites the same regions without end during a resync",
    .seeds = 60,
    .finds = "resync-reads-before-order",
    .prepare = f18::prepare,
    .direct = f18::direct,
};

}  // namespace lockstep::sim

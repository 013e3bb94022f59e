// F3. What happened to others: a resync had read a region, the application wrote it anew, and the late acknowledgement
// of the old bytes erased the mark of the new ones; the copies differed from then on and nobody knew.
//
// Injected: a file differs on the returning node. As soon as its region is asked for, the application writes it; when
// the answer with its bytes (or the mark behind it) leaves, it is lost with its connection, in either direction.
//
// Must hold: what the resync sends is what the file has at that place of the stream (I8); the new bytes are on both
// nodes when they are in sync, and survive the loss of the primary (I1, I7).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f03 {

constexpr std::size_t file_bytes = 200 << 10;
constexpr std::size_t rewrite_bytes_max = 40'000;
constexpr Time step_max = 20 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;
constexpr Time take_over_max = 30 * one_second;

void rewrite(Director& d, NodeId active, FileId file) {
  const std::size_t bytes = 1 + d.random().below(rewrite_bytes_max);
  const std::uint64_t offset = d.random().below(file_bytes - bytes);
  d.ask(active, write_at(file, offset, d.draw_bytes(bytes)));
}

/// The answer to the pull, or the joiner's word about it, is going to be lost.
void trap_the_answer(Director& d, NodeId active, NodeId standby, FileId file) {
  if (d.random().chance(25)) {
    d.lose_frame(way(standby, active), any<engine::StreamAcknowledgement>(), 500 * one_ms);
  } else {
    const bool bytes = d.random().chance(60);
    d.lose_frame(way(active, standby), any<engine::StreamOperation>([=](const engine::StreamOperation& message) {
                   const Operation& operation = message.operation;
                   return bytes ? operation.kind == OperationKind::fill && operation.file == file
                                : operation.kind == OperationKind::filled;
                 }),
                 500 * one_ms);
  }
}

void prepare(Mix& mix, Random& random) {
  // Few users of other files, so that they leave the contested one alone.
  mix.operations = static_cast<std::uint32_t>(random.between(5, 30));
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const FileId file = d.new_file(active, "contested", file_bytes);
  d.crash(standby);
  d.need_alone(active, 1);
  for (int n = 0; n < 3; ++n) rewrite(d, active, file);
  d.at_frame(way(standby, active), any<engine::Pull>([&](const engine::Pull& pull) { return pull.file == file; }),
             [] {});
  d.start(standby);
  d.need(
      "the region is asked for", [&] { return d.sprung(); }, step_max);
  trap_the_answer(d, active, standby, file);
  const std::int64_t rewrites = d.random().between(1, 3);
  for (std::int64_t n = 0; n < rewrites; ++n) {
    d.pass(d.random().between(0, 2 * one_ms));
    rewrite(d, active, file);
  }
  d.need(
      "an answer of the resync is lost", [&] { return d.sprung(); }, step_max);
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  d.kill(active);
  d.must(
      "I1", "the other node takes over", [&] { return d.serves(standby); }, take_over_max);
}

}  // namespace f03
}  // namespace

const NamedScenario f03_late_resync_answer{
    .name = "F3",
    .title = "a region is written anew while its resync answer is late, or lost",
    .finds = "resync-reads-before-order",
    .prepare = f03::prepare,
    .direct = f03::direct,
};

}  // namespace lockstep::sim

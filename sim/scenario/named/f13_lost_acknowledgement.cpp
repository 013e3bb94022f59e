// F13. What happened to others: the other node had applied an operation, its acknowledgement was lost, the operation
// was sent again and applied twice: an append stood there twice, an O_EXCL create failed with EEXIST.
//
// Injected: the acknowledgement of an append, an O_EXCL create, a rename, a truncate and an fsync is lost with its
// connection, each singly, one after the other.
//
// Must hold: the request is answered with success, once, within a bound (I16); the replica applied it once (I12); both
// are equal (I11).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <vector>

namespace lockstep::sim {

namespace {
namespace f13 {

constexpr Time lost_max = 20 * one_second;
constexpr Time answered_besides = 10 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;
constexpr std::size_t file_bytes = 20'000;

void lose_acknowledgement_of(Director& d, NodeId active, const Operation& operation) {
  const NodeId standby = other(active);
  const auto asked = d.ask(active, operation);
  d.lose_frame(way(standby, active), any<engine::StreamAcknowledgement>([&](const engine::StreamAcknowledgement& said) {
                 const std::optional<Lsn> lsn = d.ordered_as(asked->request);
                 const Lsn reached = operation.kind == OperationKind::sync ? said.synced : said.applied;
                 return lsn && reached >= *lsn;
               }),
               100 * one_ms);
  d.need(
      "the acknowledgement is lost: " + describe(operation), [&] { return d.sprung(); }, lost_max);
  const Lsn lsn = *d.ordered_as(asked->request);
  d.must(
      "I16", "answered: " + describe(operation), [&] { return asked->answered || asked->aborted; },
      2 * d.timeout() + answered_besides);
  d.expect(
      "I12", asked->answered && asked->reply.error == 0,
      "fails although both nodes applied it: " + describe(operation) + ", errno " + std::to_string(asked->reply.error));
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  d.expect("I12", d.replicated(standby, lsn) <= 1, "applied twice by the replica: " + describe(operation));
}

void prepare(Mix& mix, Random&) {
  mix.operations = 20;
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const FileId root = FileId::root();
  const FileId file = d.new_file(active, "log", file_bytes);
  std::vector<Operation> operations{write_at(file, file_bytes, d.draw_bytes(1 + d.random().below(5000))),
                                    create_file(root, "exclusive"), rename_to(root, "log", root, "log.1"),
                                    truncate_to(file, d.random().below(file_bytes)), sync_of(file)};
  while (!operations.empty()) {
    const std::size_t index = d.random().below(operations.size());
    lose_acknowledgement_of(d, active, operations[index]);
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

}  // namespace f13
}  // namespace

const NamedScenario f13_lost_acknowledgement{
    .name = "F13",
    .title = "each acknowledgement is lost in turn after the replica has applied",
    .finds = "acknowledge-sync-before-peer-disk",
    .prepare = f13::prepare,
    .direct = f13::direct,
};

}  // namespace lockstep::sim

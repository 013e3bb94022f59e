// F11. What happened to others: a rename or an unlink was applied on one node, the connection broke before it reached
// the other, and after the repair a deleted name was back or an object had both names.
//
// Injected: creates, renames over an existing name, renames of directories, a name removed and made anew, a directory
// that becomes a symlink. The message that carries one of them to the other node is lost after the local apply. Then
// the connection comes back by itself, or the primary goes and the other node takes over without the operation.
//
// Must hold: every rename is whole and no removed name comes back, on either node (I10); both are equal (I11).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <vector>

namespace lockstep::sim {

namespace {
namespace f11 {

constexpr Time answer_max = 20 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;
constexpr Time take_over_max = 40 * one_second;

/// Objects for one round, and what is asked for then.
std::vector<Operation> draw_operations(Director& d, NodeId active, const std::string& tag) {
  const auto make = [&](const Operation& operation) { return d.done(active, operation, answer_max).file; };
  const FileId root = FileId::root();
  const std::string old_name = tag + "-old";
  const std::string new_name = tag + "-new";
  switch (d.random().below(5)) {
    case 0: return {create_file(root, new_name), create_directory(root, old_name)};
    case 1:
      d.new_file(active, old_name, 5000);
      d.new_file(active, new_name, 3000);
      return {rename_to(root, old_name, root, new_name)};
    case 2: {
      const FileId directory = make(create_directory(root, old_name));
      const FileId inner = make(create_directory(directory, "inner"));
      make(create_file(inner, "leaf"));
      return {rename_to(root, old_name, root, new_name), rename_to(directory, "inner", root, tag + "-inner")};
    }
    case 3: d.new_file(active, old_name, 5000); return {remove_name(root, old_name), create_file(root, old_name)};
    default:
      make(create_directory(root, old_name));
      return {remove_directory(root, old_name), create_symlink(root, old_name, "elsewhere")};
  }
}

void round(Director& d, const std::string& tag) {
  const NodeId active = d.has_role(NodeId::first, engine::Role::prim) ? NodeId::first : NodeId::second;
  const NodeId standby = other(active);
  const std::vector<Operation> operations = draw_operations(d, active, tag);
  const Operation& lost = operations[d.random().below(operations.size())];
  d.lose_frame(way(active, standby), any<engine::StreamOperation>([&](const engine::StreamOperation& message) {
                 return message.operation.kind == lost.kind && message.operation.parent == lost.parent &&
                        message.operation.name == lost.name;
               }),
               500 * one_ms);
  for (const Operation& operation : operations) {
    // One after the other, as one process would; the next not before the last has its place.
    const auto asked = d.ask(active, operation);
    d.until([&] { return d.sprung() || d.ordered_as(asked->request) || asked->answered; }, answer_max);
    if (d.sprung()) break;
  }
  d.need(
      "an operation is applied on one node only", [&] { return d.sprung(); }, answer_max);
  if (d.random().chance(50)) {
    d.pass(d.random().between(0, 5 * one_ms));
    d.crash(active);
    d.until([&] { return d.serves(standby); }, take_over_max);
    d.start(active);
  }
  d.must(
      "I11", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
}

void prepare(Mix& mix, Random&) {
  mix.operations = 20;
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  d.come_up();
  const std::int64_t rounds = d.random().between(1, 4);
  for (std::int64_t n = 0; n < rounds; ++n) round(d, "round" + std::to_string(n));
}

}  // namespace f11
}  // namespace

const NamedScenario f11_half_a_namespace_operation{
    .name = "F11",
    .title = "an operation on names reaches one node only",
    .finds = "volume-forgets-operations",
    .prepare = f11::prepare,
    .direct = f11::direct,
};

}  // namespace lockstep::sim

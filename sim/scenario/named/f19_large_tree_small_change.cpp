// F19. What happened to others: a short outage of one node cost hours on a large tree, although little had changed.
//
// Injected: a tree of some thousand objects; while the standby is away ten of them change; it returns.
//
// Must hold: what is compared are the regions of the ten that were changed, what travels are their changed blocks, and
// nothing else of the tree is as much as looked at (I7: it is known that nothing else can differ).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f19 {

constexpr std::uint32_t objects = 3000;
constexpr std::size_t changed = 10;
constexpr std::uint64_t block_bytes = 4 << 10;  ///< what is compared and sent as one
constexpr Time answer_max = 20 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;

std::vector<FileId> regular_files(Director& d, NodeId node) {
  std::vector<FileId> files;
  for (const auto& [number, inode] : d.node(node).volume().filesystem().inodes()) {
    if (inode.is_regular() && inode.names > 0 && inode.content.size() > 0) files.push_back(inode.id);
  }
  return files;
}

void prepare(Mix& mix, Random&) {
  mix.prefilled_objects = objects;
  mix.prefill_other = false;
  mix.operations = 10;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  d.world().client().finish();
  const std::vector<FileId> files = regular_files(d, active);
  if (files.size() < objects / 4) throw NotReached{"a large tree"};
  d.done(active, sync_of(FileId::none()), answer_max);
  d.need_common_ground();
  d.need(
      "nothing may differ", [&] { return d.node(active).touches().durable().records.empty(); }, answer_max);
  const std::uint64_t copied_before = d.bytes_copied(standby);
  d.kill(standby);
  d.need(
      "the primary is ALONE",
      [&] {
        d.done(active, sync_of(FileId::none()), answer_max);
        return d.has_role(active, engine::Role::alone);
      },
      30 * one_second);
  for (std::size_t n = 0; n < changed; ++n) {
    const FileId file = files[d.random().below(files.size())];
    const std::uint64_t offset = d.random().below(1000);
    const std::size_t bytes = 1 + d.random().below(1000);
    d.done(active, write_at(file, offset, d.draw_bytes(bytes)), answer_max);
  }
  d.start(standby);
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  const std::uint64_t copied = d.bytes_copied(standby) - copied_before;
  d.expect("I9", copied > 0 && copied <= changed * block_bytes,
           "ten changed files cost " + std::to_string(copied) + " copied bytes");
  const std::uint64_t compared = d.node(standby).condition().resync.bytes_compared;
  d.expect("I9", !d.compared_everything(standby) && compared <= changed * d.node(active).settings().touch_region_bytes,
           "ten changed files cost " + std::to_string(compared) + " compared bytes");
}

}  // namespace f19
}  // namespace

const NamedScenario f19_large_tree_small_change{
    .name = "F19",
    .title = "ten changes in a large tree: what is compared and copied grows with the ten",
    .seeds = 20,
    .finds = "volume-forgets-operations",
    .prepare = f19::prepare,
    .direct = f19::direct,
};

}  // namespace lockstep::sim

// F17. What happened to others: files changed while one node was away, but their modification times had been kept, or
// the clock had been set back; the resync looked at times and sizes and left the old bytes in place.
//
// Injected: while the standby is away the clock of either node or of both is set back an hour, or forward; files are
// rewritten in place and given their old modification time again, so that neither size nor time tells. Then it returns.
//
// Must hold: the resync brings the new bytes (I7); both are equal (I11).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f17 {

constexpr Time hour = 3600 * one_second;
constexpr std::size_t files = 4;
constexpr std::size_t file_bytes = 30'000;
constexpr Time answer_max = 20 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;

const Inode& inode_of(Director& d, NodeId node, FileId file) {
  const Inode* inode = d.node(node).volume().filesystem().find(file);
  if (inode == nullptr) throw NotReached{"the file is still there"};
  return *inode;
}

bool same_bytes(const Inode& a, const Inode& b) {
  return a.content.read(0, a.content.size()) == b.content.read(0, b.content.size());
}

/// Rewrites a part without a trace in size or time.
void rewrite_in_secret(Director& d, NodeId active, FileId file) {
  const std::int64_t mtime_ns = inode_of(d, active, file).attributes.mtime_ns;
  const std::size_t bytes = 1 + d.random().below(file_bytes / 2);
  const std::uint64_t offset = d.random().below(file_bytes / 2);
  d.done(active, write_at(file, offset, d.draw_bytes(bytes)), answer_max);
  d.done(active, set_mtime(file, mtime_ns), answer_max);
}

void step_clock(Director& d, NodeId node) {
  const Time step = d.random().chance(80) ? -hour : hour;
  d.say("the wall clock of " + std::string(to_string(node)) + " is set by " + in_ms(step));
  d.node(node).volume().step_wall_clock(step);
}

void prepare(Mix& mix, Random&) {
  mix.operations = 20;
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  std::vector<FileId> made;
  for (std::size_t n = 0; n < files; ++n) made.push_back(d.new_file(active, "kept" + std::to_string(n), file_bytes));
  d.done(active, sync_of(FileId::none()), answer_max);
  if (d.random().chance(70)) d.need_common_ground();
  d.crash(standby);
  d.need_alone(active, 1);
  if (d.random().chance(70)) step_clock(d, active);
  if (d.random().chance(30)) step_clock(d, standby);
  for (const FileId file : made) rewrite_in_secret(d, active, file);
  std::size_t secret = 0;
  for (const FileId file : made) {
    const Inode& here = inode_of(d, active, file);
    const Inode& there = inode_of(d, standby, file);
    const bool looks_same =
        here.attributes.mtime_ns == there.attributes.mtime_ns && here.content.size() == there.content.size();
    if (looks_same && !same_bytes(here, there)) ++secret;
  }
  if (secret == 0) throw NotReached{"a file differs although its size and time do not"};
  d.start(standby);
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  d.world().client().finish();
  d.must(
      "I16", "every request is answered", [&] { return d.node(active).mount().outstanding() == 0; }, answer_max);
  d.pass(one_second);  // in mode commit the replica follows after the answer
  for (const FileId file : made) {
    if (inode_of(d, active, file).names == 0) continue;  // another user has removed it meanwhile
    d.expect("I7", same_bytes(inode_of(d, active, file), inode_of(d, standby, file)),
             "a file that kept its size and time was left with its old bytes");
  }
}

}  // namespace f17
}  // namespace

const NamedScenario f17_preserved_times{
    .name = "F17",
    .title = "rewritten files with their old times, and clocks that were set back",
    .finds = "volume-forgets-operations",
    .prepare = f17::prepare,
    .direct = f17::direct,
};

}  // namespace lockstep::sim

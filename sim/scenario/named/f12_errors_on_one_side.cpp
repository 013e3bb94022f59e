// F12. What happened to others: one side's disk was full or erred, the write was taken for done all the same, and after
// a resync the wrong way a stub of 600 MB stood in place of 4 GB.
//
// Injected: on one node only the disk refuses what it is asked for (EIO, ENOSPC, EDQUOT, EINVAL), for a while, or fails
// a sync; the application goes on writing, appending and syncing.
//
// Must hold: an error on the active side reaches the application and changes neither node; an error on the standby's
// leaves the standby out, decided at a majority, before any write is acknowledged without it (I5, I6). When the disk is
// well again both are in sync and equal (I11).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <algorithm>
#include <cerrno>

namespace lockstep::sim {

namespace {
namespace f12 {

constexpr std::size_t file_bytes = 30'000;
constexpr Time answer_max = 30 * one_second;
constexpr Time in_sync_again_max = 90 * one_second;

std::uint64_t size_of(Director& d, NodeId node, FileId file) {
  const Inode* inode = d.node(node).volume().filesystem().find(file);
  return inode == nullptr ? 0 : inode->content.size();
}

void refused_on_the_active_side(Director& d, NodeId active, FileId file, int error) {
  d.node(active).volume().refuse(io::Origin::application, error);
  const auto append = d.ask(active, write_at(file, file_bytes, d.draw_bytes(1000)));
  d.must(
      "I16", "the application is told", [&] { return append->answered || append->aborted; }, answer_max);
  d.expect("I6", append->aborted || append->reply.error == error,
           "a write that the disk refused was answered with errno " + std::to_string(append->reply.error));
  d.node(active).volume().refuse(io::Origin::application, 0);
  for (const NodeId node : every_node) {
    d.expect("I6", size_of(d, node, file) <= file_bytes,
             "a write that failed has changed " + std::string(to_string(node)));
  }
}

void refused_on_the_standby(Director& d, NodeId active, FileId file, int error) {
  const NodeId standby = other(active);
  d.node(standby).volume().refuse(io::Origin::stream, error);
  const auto append = d.ask(active, write_at(file, file_bytes, d.draw_bytes(1000)));
  d.must(
      "I16", "the application is told", [&] { return append->answered || append->aborted; }, answer_max);
  const bool promised = d.world().mix().durability != engine::Durability::commit;
  if (append->answered && append->reply.error == 0) {
    d.expect("I6", size_of(d, active, file) > file_bytes, "the good side has lost what it had acknowledged");
    d.expect("I5", !promised || !d.member(standby),
             "a write is acknowledged that the standby's disk refused, and it is a member still");
  }
  d.need(
      "the standby is out", [&] { return !d.member(standby); }, answer_max);
  d.pass(d.random().between(0, 3 * one_second));
  d.node(standby).volume().refuse(io::Origin::stream, 0);
}

void sync_fails(Director& d, NodeId active, NodeId victim, FileId file) {
  d.done(active, write_at(file, 0, d.draw_bytes(1000)), answer_max);
  d.node(victim).volume().fail_next_sync();
  const auto sync = d.ask(active, sync_of(file));
  d.must(
      "I16", "the application is told", [&] { return sync->answered || sync->aborted; }, answer_max);
  if (victim == active || !sync->answered || sync->reply.error != 0) return;
  d.expect("I5", !d.member(victim), "a sync is acknowledged that failed on the standby, and it is a member still");
}

void prepare(Mix& mix, Random&) {
  mix.operations = 20;
  mix.prefilled_objects = 30;
  mix.sync_percent = 0;
}

void direct(Director& d) {
  for (std::int64_t n = d.random().between(1, 3); n > 0; --n) {
    const NodeId active = d.come_up();
    const FileId file = d.new_file(active, "grown" + std::to_string(n), file_bytes);
    const int error = d.random().pick(std::array{EIO, ENOSPC, EDQUOT, EINVAL});
    switch (d.random().below(3)) {
      case 0: refused_on_the_active_side(d, active, file, error); break;
      case 1: refused_on_the_standby(d, active, file, error); break;
      default: sync_fails(d, active, d.random().pick(std::array{NodeId::first, NodeId::second}), file); break;
    }
    // A person looks at the disk, and starts what has stopped for it.
    for (const NodeId node : every_node) d.give(node, io::Verb::start);
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
}

}  // namespace f12
}  // namespace

const NamedScenario f12_errors_on_one_side{
    .name = "F12",
    .title = "the disk of one side refuses writes or fails a sync",
    .finds = "acknowledge-before-peer",
    .prepare = f12::prepare,
    .direct = f12::direct,
};

}  // namespace lockstep::sim

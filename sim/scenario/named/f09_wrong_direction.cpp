// F9. What happened to others: after some restarts and swaps the automatic resync went the wrong way; an empty
// directory (a disk that was not mounted) replaced the good one.
//
// Injected: swaps under load while connections break; then one node, in half of the runs the active one, comes back
// with an empty directory, with its own again after a start without it (mounted too late), or with a directory of other
// contents.
//
// Must hold: a node whose directory is not the one that it knew does not serve before it has been brought up to date
// (I1); what the good side has is on both in the end (I11, I17).
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <sys/stat.h>

namespace lockstep::sim {

namespace {
namespace f09 {

constexpr Time answer_max = 20 * one_second;
constexpr Time in_sync_again_max = 90 * one_second;
constexpr Time unmounted_max = 8 * one_second;
constexpr const char* good_name = "good";

enum class Found : std::uint8_t { blank, mounted_too_late, other_contents };

NodeId active_of(Director& d) { return d.has_role(NodeId::first, engine::Role::prim) ? NodeId::first : NodeId::second; }

void swap_under_load(Director& d) {
  const NodeId active = active_of(d);
  d.give(active, io::Verb::swap);
  d.until([&] { return !d.in_sync(); }, one_second);
  for (std::int64_t n = d.random().between(0, 3); n > 0; --n) {
    d.pass(d.random().between(0, d.timeout()));
    d.say("the connection between the nodes breaks");
    d.world().cable(Wire::peers).break_connection();
  }
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
}

SimVolume::Copy directory_of(Director& d, Found found) {
  SimVolume::Copy copy = SimVolume::blank(d.random().next());
  if (found != Found::other_contents) return copy;
  // As if another filesystem were mounted there: as many objects as names, without the good one among them.
  Inode& root = copy.inodes.at(Filesystem::root_number);
  for (InodeNumber number = 100; number < 110; ++number) {
    Inode stranger;
    stranger.attributes.mode = S_IFREG | 0644;
    stranger.names = 1;
    stranger.parent = Filesystem::root_number;
    root.entries["strange" + std::to_string(number)] = number;
    copy.inodes.emplace(number, stranger);
  }
  return copy;
}

bool has_name(Director& d, NodeId node, const std::string& name) {
  return d.node(node).volume().filesystem().inode(Filesystem::root_number).entries.contains(name);
}

void prepare(Mix& mix, Random&) {
  mix.operations = 30;
  mix.prefilled_objects = 30;
}

void direct(Director& d) {
  d.come_up();
  d.new_file(active_of(d), good_name, 10'000);
  for (std::int64_t n = d.random().between(0, 2); n > 0; --n) swap_under_load(d);
  const NodeId victim = d.random().pick(std::array{NodeId::first, NodeId::second});
  const Found found = d.random().pick(std::array{Found::blank, Found::mounted_too_late, Found::other_contents});
  d.world().client().finish();
  d.done(active_of(d), sync_of(FileId::none()), answer_max);
  d.pass(one_second);  // in mode commit the replica follows after the answer
  const bool good = has_name(d, NodeId::first, good_name) && has_name(d, NodeId::second, good_name);
  if (!good) throw NotReached{"nobody has removed the good file"};
  d.need(
      "the other node holds everything", [&] { return d.in_sync() && d.world().may_lose_disk(place_of(victim)); },
      answer_max);
  const World::DiskCopy own = d.world().copy_disk(place_of(victim));
  World::DiskCopy strange = own;
  strange.volume = directory_of(d, found);
  d.say(std::string(to_string(victim)) + " loses power and finds another directory");
  d.world().exchange_disk(place_of(victim), strange);
  d.pass(d.random().between(0, 3 * d.timeout()));
  const std::uint64_t resyncs = d.resyncs(victim);
  const auto serves_it = [&] { return d.serves(victim) && d.resyncs(victim) == resyncs; };
  const bool on_its_own = d.random().chance(50);
  if (on_its_own) d.kill(other(victim));
  d.start(victim);
  if (found == Found::mounted_too_late) {
    d.never("I1", "a node serves a directory that is not its own", serves_it, d.random().between(0, unmounted_max));
    if (d.resyncs(victim) == resyncs && !d.joining(victim)) {
      World::DiskCopy again = own;
      again.journal = d.world().journal_of(place_of(victim));
      d.world().exchange_disk(place_of(victim), again);
      d.start(victim);
    }
  }
  d.never("I1", "a node serves a directory that is not its own", serves_it, d.random().between(0, 6 * d.timeout()));
  d.start(other(victim));
  d.must(
      "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  for (const NodeId node : every_node) {
    d.expect("I17", has_name(d, node, good_name), std::string(to_string(node)) + " has lost what the good side had");
    d.expect("I11", !has_name(d, node, "strange100"), std::string(to_string(node)) + " has what nobody wrote");
  }
}

}  // namespace f09
}  // namespace

const NamedScenario f09_wrong_direction{
    .name = "F9",
    .title = "swaps under load; then a node comes back with an empty or a strange directory",
    .finds = "another-directory-is-trusted",
    .prepare = f09::prepare,
    .direct = f09::direct,
};

}  // namespace lockstep::sim

// F10. What happened to others: a replaced machine under the old address, a snapshot that was restored or a cloned disk
// took part with an identity and votes that were not its own, and newer data was lost.
//
// Injected: one machine (either node or the witness) comes back as a new one, with nothing; or a node with a copy of
// its disk from some time ago; or a node with a clone of the other's disk; or both nodes with each other's disks; or a
// new witness meets a stale node while the active one is away. Each where the cluster can be expected to survive it:
// the other node holds everything that was acknowledged.
//
// Must hold: nothing persisted goes back but with the disk itself (I13), no vote is forgotten (I2), such a node does
// not serve before it has been brought up to date (I1). With exchanged disks both wait for a person instead of guessing
// (I17).
#include "engine/cluster/journal_record.h"
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f10 {

constexpr Time in_sync_again_max = 90 * one_second;
constexpr Time survivable_max = 30 * one_second;

void need_survivable(Director& d, Place victim) {
  d.need(
      "the others can go on without the disk of " + std::string(to_string(victim)),
      [&] { return d.in_sync() && d.world().may_lose_disk(victim); }, survivable_max);
}

/// `victim` returns with that disk, and serves nothing that it has not been given.
void come_back_with(Director& d, Place victim, const World::DiskCopy& disk, const std::string& text) {
  d.say(std::string(to_string(victim)) + " " + text);
  d.world().exchange_disk(victim, disk);
  d.pass(d.random().between(0, 4 * d.timeout()));
  d.start(victim);
  if (!is_node(victim)) return;
  const NodeId node = node_at(victim);
  const std::uint64_t resyncs = d.resyncs(node);
  d.never(
      "I1", "a node serves with a disk that is not up to date",
      [&] { return d.serves(node) && d.resyncs(node) == resyncs; }, d.random().between(0, 6 * d.timeout()));
}

void new_machine(Director& d) {
  const Place victim = d.random().pick(every_place);
  need_survivable(d, victim);
  World::DiskCopy empty;
  if (is_node(victim)) empty.volume = SimVolume::blank(d.random().next());
  come_back_with(d, victim, empty, "is replaced by a new machine");
}

void restored_snapshot(Director& d) {
  const Place victim = place_of(d.random().pick(std::array{NodeId::first, NodeId::second}));
  const World::DiskCopy snapshot = d.world().copy_disk(victim);
  const auto known = engine::decode_journal(snapshot.journal);
  // Something must have been voted on since, or the copy is as good as the original.
  for (int times = 0; times < 2; ++times) {
    const NodeId standby = d.has_role(NodeId::first, engine::Role::second) ? NodeId::first : NodeId::second;
    d.kill(standby);
    d.need_alone(other(standby), 3);
    d.start(standby);
    d.need(
        "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
  // Where nobody has seen more of this machine than the copy knows, nothing could tell it from the original.
  const auto seen_more = [&] {
    for (const Place other : every_place) {
      const auto record = engine::decode_journal(d.world().journal_of(other));
      if (other != victim && (!record || record->seen[index_of(victim)].sequence <= known->sequence)) return false;
    }
    return d.in_sync() && d.world().may_lose_disk(victim);
  };
  d.need("the others have seen more than the snapshot knows", seen_more, survivable_max);
  come_back_with(d, victim, snapshot, "gets an older copy of its disk");
}

void cloned_disk(Director& d) {
  const NodeId victim = d.random().pick(std::array{NodeId::first, NodeId::second});
  need_survivable(d, place_of(victim));
  come_back_with(d, place_of(victim), d.world().copy_disk(place_of(other(victim))), "gets a clone of the other's disk");
}

/// A stale node and a witness that has forgotten everything are a majority by their number.
void new_witness_beside_a_stale_node(Director& d) {
  const NodeId active = d.has_role(NodeId::first, engine::Role::prim) ? NodeId::first : NodeId::second;
  const NodeId stale = other(active);
  d.kill(stale);
  d.need_alone(active, 3);
  d.need(
      "the others can go on without the witness's disk", [&] { return d.world().may_lose_disk(Place::witness); },
      survivable_max);
  d.kill(active);
  come_back_with(d, Place::witness, {}, "is replaced by a new machine");
  d.start(stale);
  d.never(
      "I1", "a stale node serves with the vote of a witness that has forgotten", [&] { return d.serves(stale); },
      10 * d.timeout());
  d.start(active);
}

void prepare(Mix& mix, Random&) { mix.prefilled_objects = 30; }

void direct(Director& d) {
  d.come_up();
  for (std::int64_t n = d.random().between(1, 2); n > 0; --n) {
    switch (d.random().below(4)) {
      case 0: new_machine(d); break;
      case 1: restored_snapshot(d); break;
      case 2: new_witness_beside_a_stale_node(d); break;
      default: cloned_disk(d); break;
    }
    d.must(
        "I9", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  }
  if (d.random().chance(80)) return;
  need_survivable(d, Place::first);
  const World::DiskCopy of_first = d.world().copy_disk(Place::first);
  const World::DiskCopy of_second = d.world().copy_disk(Place::second);
  d.say("both nodes lose power, and get each other's disks");
  d.world().exchange_disk(Place::first, of_second);
  d.world().exchange_disk(Place::second, of_first);
  for (const NodeId node : every_node) d.start(node);
  d.never(
      "I17", "a node serves with the other's disk", [&] { return d.serves(NodeId::first) || d.serves(NodeId::second); },
      10 * d.timeout());
  // The disks are put back to where they belong.
  d.world().exchange_disk(Place::first, of_first);
  d.world().exchange_disk(Place::second, of_second);
}

}  // namespace f10
}  // namespace

const NamedScenario f10_old_identity{
    .name = "F10",
    .title = "a new machine, a restored snapshot, a cloned disk, swapped disks",
    .finds = "forgetful-voter-votes",
    .prepare = f10::prepare,
    .direct = f10::direct,
};

}  // namespace lockstep::sim

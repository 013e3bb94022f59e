// F2. What happened to others: the record of what differs was left behind, or left out, on one side after a crash in
// the wrong moment, and a copy that was not complete passed for a complete one.
//
// Injected: the standby has missed writes and is brought up to date again. From its return on one machine (either node
// or the witness) is killed or loses power at the n-th record of its journal: while that is on its way to the disk, or
// right after it has landed; or in the same way at the n-th write of the list of what either node has changed. In half
// of the runs the primary goes too before the resync can end.
//
// Must hold: a node whose journal does not say that its tree is complete does not serve; both come together again,
// equal (I7, I11).
#include "engine/cluster/journal_record.h"
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace f02 {

constexpr Time record_max = 20 * one_second;
constexpr Time primary_away = 8 * one_second;
constexpr Time in_sync_again_max = 60 * one_second;
constexpr std::uint64_t records_max = 8;  ///< of a returning node until it is in sync: five or six

/// What a machine writes down: its journal, or its list of what may differ.
enum class Book : std::uint8_t { journal, touches };

std::size_t on_its_way(Director& d, Place place, Book book) {
  if (book == Book::touches) return d.node(node_at(place)).touches().on_its_way();
  return is_node(place) ? d.node(node_at(place)).journal().on_its_way() : d.world().witness().journal().on_its_way();
}

/// Strikes `victim` at its n-th record from now on.
void crash_at_record(Director& d, Place victim, Book book, std::uint64_t number, bool landed) {
  for (std::uint64_t n = 1; n <= number; ++n) {
    const std::string which = "record " + std::to_string(n) + " of " + std::string(to_string(victim));
    d.need(
        which + " is on its way", [&] { return on_its_way(d, victim, book) > 0; }, record_max);
    const bool last = n == number;
    if (last && !landed) break;
    const std::size_t before = on_its_way(d, victim, book);
    d.need(
        which + " has landed", [&] { return on_its_way(d, victim, book) < before; }, record_max);
  }
  if (d.random().chance(50)) return d.power_off(victim);
  d.kill(victim);
}

bool says_complete(Director& d, NodeId node) {
  const auto record = engine::decode_journal(d.node(node).journal().durable());
  return record && record->complete;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool listing = d.random().chance(60);
  if (listing) d.need_common_ground();
  d.crash(standby);
  d.need_alone(active, 5);
  d.start(standby);
  // The records of a return are the standby's for the most part.
  const Place victim = d.random().chance(70)   ? place_of(standby)
                       : d.random().chance(50) ? place_of(active)
                                               : Place::witness;
  const Book book = listing && victim == place_of(active) ? Book::touches : Book::journal;
  const bool several = victim == place_of(standby) || book == Book::touches;
  const std::uint64_t number = several ? 1 + d.random().below(records_max) : 1;
  crash_at_record(d, victim, book, number, d.random().chance(50));
  if (victim == place_of(standby) && !says_complete(d, standby)) {
    if (d.random().chance(50)) d.kill(active);
    d.start(standby);
    if (!d.node(active).running()) {
      d.never(
          "I7", "a node serves whose journal says that its copy is not complete", [&] { return d.serves(standby); },
          primary_away);
    }
  }
  for (const Place place : every_place) d.start(place);
  d.must(
      "I11", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
}

}  // namespace f02
}  // namespace

const NamedScenario f02_crash_around_every_mark{
    .name = "F2",
    .title = "crashes at each record that is written while a node comes back",
    .seeds = 150,
    .finds = "touches-forgotten",
    .direct = f02::direct,
};

}  // namespace lockstep::sim

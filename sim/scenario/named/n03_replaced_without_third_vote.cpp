// N3. In a cluster without a third vote a server is replaced by a new machine, which has forgotten what it had voted.
//
// Injected: a server loses its power for good, under load, and comes back with an empty disk; isolation is waited out
// or not.
//
// Must hold: the other one alone can tell it what it may have promised (I2), and brings it up to date (I1, I11): no
// third voter is waited for.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace n03 {

constexpr Time survivable_max = 30 * one_second;
constexpr Time in_sync_again_within = 120 * one_second;

void prepare(Mix& mix, Random& random) {
  mix.isolation = random.chance(50) ? engine::Isolation::wait : engine::Isolation::takeover;
  mix.prefilled_objects = 20;
}

void direct(Director& d) {
  d.come_up();
  const NodeId victim = d.random().pick(every_node);
  d.need(
      "the other one can go on without the disk",
      [&] { return d.in_sync() && d.world().may_lose_disk(place_of(victim)); }, survivable_max);
  World::DiskCopy empty;
  empty.volume = SimVolume::blank(d.random().next());
  d.say(std::string(to_string(victim)) + " is replaced by a new machine");
  d.world().exchange_disk(place_of(victim), empty);
  const std::uint64_t resyncs = d.resyncs(victim);
  d.pass(d.random().between(0, 8 * d.timeout()));
  d.start(victim);
  d.must(
      "I9", "the new machine is brought up to date", [&] { return d.in_sync() && d.resyncs(victim) > resyncs; },
      in_sync_again_within);
}

}  // namespace n03
}  // namespace

const NamedScenario n03_replaced_without_third_vote{
    .name = "N3",
    .title = "without a third vote, a replaced server learns its votes from the other one",
    .finds = "memory-awaits-third-vote",
    .prepare = n03::prepare,
    .direct = n03::direct,
};

}  // namespace lockstep::sim

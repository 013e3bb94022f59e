// F5. What happened to others: after a split the administrators chose one side by hand; the copies stayed different in
// places and the product called them equal.
//
// Injected: the standby misses writes; then each side in turn is stopped, the other is forced to be the primary on what
// it has, and writes: two to four generations that know nothing of each other's writes. In a quarter of the runs the
// witness is replaced by a new machine before the last of them is forced, so nobody who takes part in that knows of the
// one before: it may count less. At last the one that is away comes back; in half of the runs the loser dies once more
// while it is brought up to date.
//
// Must hold: both come together without a hand (I11), equal to what the newest primary has (by its epoch: there is no
// other order of two that have not heard of each other) by names, bytes and attributes; nothing of the discarded side
// is left in the tree (I10, I11); what it wrote last, as far as that outlived a power loss, is kept aside on it as it
// was (I17).
#include "sim/model/compare.h"
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
namespace f05 {

constexpr Time answer_max = 20 * one_second;
constexpr Time stop_max = 20 * one_second;
constexpr Time forced_besides = 10 * one_second;  // the application's own phases
constexpr Time in_sync_again_max = 60 * one_second;

std::size_t bytes_of(std::int64_t generation) { return static_cast<std::size_t>(10'000 + generation); }
std::string file_of(std::int64_t generation) { return "generation" + std::to_string(generation); }

void take_away(Director& d, NodeId loser) {
  if (d.random().chance(50)) return d.crash(loser);
  d.give(loser, io::Verb::stop);
  d.need(
      "the loser has stopped", [&] { return d.node(loser).status().role == engine::Role::stop; }, stop_max);
}

void force(Director& d, NodeId next) {
  d.start(next);
  d.pass(d.random().between(0, 2 * d.timeout()));
  d.until([&] { return !d.joining(next); }, stop_max);
  d.give(next, io::Verb::prim, true);
  d.need(
      "the other side serves by force", [&] { return d.serves(next); }, 6 * d.timeout() + forced_besides);
}

bool has_name(Director& d, NodeId node, const std::string& name) {
  return d.node(node).volume().filesystem().inode(Filesystem::root_number).entries.contains(name);
}

bool has_file(Director& d, NodeId node, FileId file, std::uint64_t bytes) {
  const Inode* inode = d.node(node).volume().filesystem().find(file);
  return inode != nullptr && inode->names > 0 && inode->content.size() == bytes;
}

bool kept_aside(Director& d, NodeId node, FileId file, std::uint64_t bytes) {
  for (const auto& [key, state] : d.node(node).volume().kept()) {
    if (key.second == file && state.content.size() == bytes) return true;
  }
  return false;
}

void replace_witness(Director& d) {
  d.say("the witness is replaced by a new machine");
  d.world().exchange_disk(Place::witness, {});
  d.start(Place::witness);
}

void come_back(Director& d, NodeId away, NodeId loser) {
  d.start(away);
  d.give(away, io::Verb::start);
  if (d.random().chance(50)) return;
  if (!d.until([&] { return d.joining(loser); }, in_sync_again_max)) return;
  d.pass(d.random().between(0, d.timeout() / 10));
  d.kill(loser);
  d.start(loser);
}

/// The newest that a node was forced to begin, and the file that it has written then.
struct Generation {
  std::int64_t number = 0;
  FileId file;
  Epoch epoch;
};

void prepare(Mix& mix, Random&) { mix.prefilled_objects = 30; }

void direct(Director& d) {
  NodeId active = d.come_up();
  d.crash(other(active));
  d.need_alone(active, 3);
  const std::int64_t generations = d.random().between(2, 4);
  const bool forgotten = d.random().chance(25);
  std::array<Generation, 2> last;
  for (std::int64_t n = 1; n <= generations; ++n) {
    const NodeId next = other(active);
    take_away(d, active);
    if (forgotten && n == generations) replace_witness(d);
    force(d, next);
    last[index_of(next)] = {n, d.new_file(next, file_of(n), bytes_of(n)), d.node(next).status().configuration.epoch};
    d.need_alone(next, 3);
    active = next;
  }
  const bool newest_is_first = last[0].epoch > last[1].epoch;
  const NodeId loser = newest_is_first ? NodeId::second : NodeId::first;
  const Generation& lost = last[index_of(loser)];
  const bool has_lost = has_file(d, loser, lost.file, bytes_of(lost.number));
  come_back(d, other(active), loser);
  d.must(
      "I11", "both are in sync again", [&] { return d.in_sync(); }, in_sync_again_max);
  d.world().client().finish();
  d.must(
      "I16", "every request is answered", [&] { return d.node(other(loser)).mount().outstanding() == 0; }, answer_max);
  d.expect("I17", !has_lost || kept_aside(d, loser, lost.file, bytes_of(lost.number)),
           "the last file of the loser is not kept aside");
  for (const NodeId node : every_node) {
    d.expect("I11", !has_name(d, node, file_of(lost.number)),
             std::string(to_string(node)) + " has a file of the side that was discarded");
  }
}

}  // namespace f05
}  // namespace

const NamedScenario f05_divergence_generations{
    .name = "F5",
    .title = "several generations of divergence by force, one side discarded",
    .finds = "removed-not-set-aside",
    .prepare = f05::prepare,
    .direct = f05::direct,
};

}  // namespace lockstep::sim

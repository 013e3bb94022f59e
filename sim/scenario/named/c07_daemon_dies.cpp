// C7. The daemon is killed (a bug, an upgrade, an administrator); the servers and the application are well, and
// whatever starts the daemon keeps its mount meanwhile.
//
// Injected: the primary's daemon ends while the application has asked for this and that, and starts again soon; now and
// then it ends once more before it serves.
//
// Must hold: the same server serves again within the time that a lease has; the application is not started anew;
// whatever it asked for succeeds, once; the other server is brought up to date again.
#include "sim/scenario/named/named.h"
#include "sim/workload/requests.h"

#include <algorithm>
#include <vector>

namespace lockstep::sim {

namespace {
namespace c07 {

constexpr Time quiet = 2 * one_second;
constexpr Time in_sync_within = 30 * one_second;

void prepare(Mix& mix, Random& /*random*/) {
  mix.timeout = std::max(mix.timeout, one_second);
  mix.few_requests = false;
  mix.operations = 0;  // of others, who would take this one's files away
}

/// A request of every kind that may not be applied twice, and some that may.
std::vector<std::shared_ptr<const Director::Asked>> ask_for_all(Director& d, NodeId active, FileId file,
                                                                const std::string& name) {
  const FileId root = FileId::root();
  std::vector<std::shared_ptr<const Director::Asked>> asked;
  const std::vector<Operation> operations = {
      create_file(root, name + "-made"),
      create_directory(root, name + "-made-too"),
      rename_to(root, name + "-moved", root, name + "-there"),
      exchange(root, name + "-left", root, name + "-right"),
      exchange(root, name + "-linked", root, name + "-linked-too"),
      link_to(file, root, name + "-link"),
      remove_name(root, name + "-removed"),
      write_at(file, d.random().below(8'000), d.draw_bytes(1'000)),
      truncate_to(file, 9'000),
      sync_of(file),
  };
  for (const Operation& operation : operations) asked.push_back(d.ask(active, operation));
  return asked;
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const FileId file = d.new_file(active, "kept", 10'000);
  for (std::int64_t n = d.random().between(1, 3); n > 0; --n) {
    const std::string name = "kept-" + std::to_string(n);
    d.new_file(active, name + "-moved", 10);
    d.new_file(active, name + "-removed", 10);
    d.new_file(active, name + "-left", 10);
    d.new_file(active, name + "-right", 10);
    // Exchanged, they are what they were: nobody can tell whether it was done.
    const FileId linked = d.new_file(active, name + "-linked", 10);
    d.done(active, link_to(linked, FileId::root(), name + "-linked-too"), quiet);
    const std::uint64_t starts = d.starts(active);
    const auto asked = ask_for_all(d, active, file, name);
    for (std::int64_t deaths = d.random().one_in(4) ? 2 : 1; deaths > 0; --deaths) {
      d.pass(d.random().between(0, d.random().chance(50) ? one_ms : 20 * one_ms));
      d.kill_daemon(active);
      d.pass(d.random().between(10, 200) * one_ms);
      d.start(active);
    }
    d.must(
        "I12", "the server serves again, and whatever the application has asked for is answered",
        [&] {
          return d.serves(active) &&
                 std::all_of(asked.begin(), asked.end(), [](const auto& each) { return each->answered; });
        },
        d.timeout() * 3 / 2);
    for (const auto& each : asked) {
      d.expect("I12", each->reply.error == 0,
               "a request of the application fails (errno " + std::to_string(each->reply.error) + ")");
    }
    d.expect("I12", d.starts(active) == starts, "the application was started anew");
    d.need(
        "both nodes are in sync", [&] { return d.in_sync(); }, in_sync_within);
    d.pass(quiet);
  }
}

}  // namespace c07
}  // namespace

const NamedScenario c07_daemon_dies{
    .name = "C7",
    .title = "the daemon dies, and the application does not notice",
    .finds = "volume-forgets-what-was-done",
    .prepare = c07::prepare,
    .direct = c07::direct,
};

}  // namespace lockstep::sim

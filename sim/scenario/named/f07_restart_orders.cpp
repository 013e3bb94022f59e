// F7. What happened to others: after several crashes a node that had missed writes was the first to come back, and
// started alone.
//
// Injected: every order of crashes and restarts of both nodes and the witness up to four steps. A step picks one of the
// three machines: if it runs it is stopped, otherwise it is started. There are 3 + 9 + 27 + 81 = 120 orders; each from
// two beginnings (both in sync; the standby down and stale) and with two kinds of stop (killed, without power): 480 in
// all. Seed n has case (n - 1) mod 480, so that seeds 1..480 are all of them, with pauses between the steps that each
// seed draws.
//
// Must hold: who serves holds everything that was acknowledged (I1); nothing persisted goes back (I13); a stale node
// does not serve before it has been brought up to date.
#include "sim/scenario/named/named.h"

#include <vector>

namespace lockstep::sim {

namespace {
namespace f07 {

constexpr std::uint64_t orders = 3 + 9 + 27 + 81;
constexpr std::uint64_t cases = orders * 2 * 2;

struct Case {
  std::vector<Place> steps;
  bool stale;
  bool power_lost;
};

/// Orders by length, then by their machines as the digits of a number.
std::vector<Place> order_of(std::uint64_t number) {
  std::uint64_t of_length = 3;
  std::size_t length = 1;
  while (number >= of_length) {
    number -= of_length;
    of_length *= 3;
    ++length;
  }
  std::vector<Place> steps;
  for (; length > 0; --length, number /= 3) steps.push_back(every_place[number % 3]);
  return steps;
}

Case case_of(std::uint64_t seed) {
  const std::uint64_t number = (seed - 1) % cases;
  return {order_of(number % orders), number / orders % 2 == 1, number / orders / 2 == 1};
}

void direct(Director& d) {
  const Case chosen = case_of(d.world().scenario().seed);
  const NodeId active = d.come_up();
  if (d.random().chance(50)) d.need_common_ground();
  const NodeId standby = other(active);
  if (chosen.stale) {
    d.crash(standby);
    d.need_alone(active, 5);
  }
  const auto stale_serves = [&] { return chosen.stale && d.serves(standby) && d.resyncs(standby) == 1; };
  for (const Place place : chosen.steps) {
    if (!d.world().machine(place).running()) {
      d.start(place);
    } else if (chosen.power_lost) {
      d.power_off(place);
    } else {
      d.kill(place);
    }
    const Time longest = d.random().chance(40) ? 50 * one_ms : 6 * d.timeout();
    d.never("I1", "a node that has missed writes serves", stale_serves, d.random().between(0, longest));
  }
}

}  // namespace f07
}  // namespace

const NamedScenario f07_restart_orders{
    .name = "F7",
    .title = "every order of crashes and restarts up to four steps (480 cases by seed number)",
    .seeds = 480,
    .finds = "promote-while-stale",
    .direct = f07::direct,
};

}  // namespace lockstep::sim

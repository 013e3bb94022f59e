// Administrators.
#include "sim/faults/faults.h"
#include "sim/world/world.h"

namespace lockstep::sim::faults {

void commands(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 6); n > 0; --n) {
    const NodeId node = random.pick(std::array{NodeId::first, NodeId::second});
    io::Command command;
    command.verb = random.pick(std::array{io::Verb::start, io::Verb::stop, io::Verb::restart, io::Verb::swap,
                                          io::Verb::swap, io::Verb::prim, io::Verb::second, io::Verb::wait_role});
    command.full = command.verb == io::Verb::second && random.chance(30);
    const Time when = window.draw(random);
    const auto give = [&world, node](io::Command given) {
      if (world.node(node).running()) world.node(node).console().give(given);
    };
    world.scheduler().at(when, [give, command] { give(command); });
    // Whoever stops a module starts it again, most of the time.
    if (command.verb != io::Verb::stop || random.one_in(4)) continue;
    world.scheduler().at(when + random.between(100, 8000) * one_ms, [give] { give({io::Verb::start, false, false}); });
  }
}

}  // namespace lockstep::sim::faults

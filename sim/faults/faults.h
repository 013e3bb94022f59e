// What can go wrong, each kind a small unit that puts its events into the run. Every kind states its range; all ends
// with the window, when the world is healed.
#pragma once

#include "sim/random.h"
#include "sim/scheduler.h"

namespace lockstep::sim {

class World;

namespace faults {

struct Window {
  Time begin;
  Time end;
  [[nodiscard]] Time draw(Random& random) const { return random.between(begin, end - 1); }
  [[nodiscard]] Time length() const { return end - begin; }
};

/// 1 to 4 times, one cable delays every frame by up to 5 to 400 ms, for 0.5 to 8 s.
void delays(World& world, Random random, Window window);
/// 1 to 8 times, one connection breaks with what is in flight; 1 in 4 is noticed late by one side.
void resets(World& world, Random random, Window window);
/// 1 to 4 times, one direction of one cable is cut, for 0.1 to 12 s.
void one_way_cuts(World& world, Random random, Window window);
/// 1 to 4 times, one cable is cut, or every cable of one machine, for 0.1 to 12 s.
void two_way_cuts(World& world, Random random, Window window);
/// 1 to 5 times, the process on a node is killed; a new one starts 20 ms to 10 s later.
void process_crashes(World& world, Random random, Window window);
/// 1 to 3 times, the witness is killed or loses power; it starts again 20 ms to 10 s later.
void witness_crashes(World& world, Random random, Window window);
/// 1 to 3 times, a node (or both within 50 ms) loses power; it starts again 0.5 to 12 s later.
void power_losses(World& world, Random random, Window window);
/// 1 to 4 times, the process on a node or the witness is frozen for 0.1 to 12 s.
void pauses(World& world, Random random, Window window);
/// 1 to 6 commands of administrators at either node, `force` never.
void commands(World& world, Random random, Window window);

}  // namespace faults
}  // namespace lockstep::sim

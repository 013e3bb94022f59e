#include "sim/faults/kinds.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

namespace lockstep::sim {

namespace {

using Faults = std::vector<Fault>;

Wire any_wire(Random& random) { return random.pick(every_wire); }
NodeId any_node(Random& random) { return random.pick(every_node); }
Time ms(Random& random, std::int64_t low, std::int64_t high) { return random.between(low, high) * one_ms; }

/// Draws `least` to `most` times.
Faults several(Random& random, std::int64_t least, std::int64_t most, const std::function<void(Faults&)>& draw) {
  Faults faults;
  for (std::int64_t n = random.between(least, most); n > 0; --n) draw(faults);
  return faults;
}

Faults slow_cables(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const Wire wire = any_wire(random);
    const Time at = window.draw(random);
    const Time longest = ms(random, 5, 400);
    faults.push_back({at, Slow{wire, longest, ms(random, 500, 8000)}});
  });
}

Faults resets(Random random, Window window) {
  return several(random, 1, 8, [&](Faults& faults) {
    const Wire wire = any_wire(random);
    faults.push_back({window.draw(random), Reset{wire}});
  });
}

Faults one_way_cuts(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const Wire wire = any_wire(random);
    const bool from_left = random.chance(50);
    const Time at = window.draw(random);
    faults.push_back({at, Cut{wire, from_left, !from_left, ms(random, 100, 12'000)}});
  });
}

Faults two_way_cuts(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    std::vector<Wire> wires{any_wire(random)};
    if (random.chance(40)) wires = {Wire::peers, witness_wire(any_node(random))};
    const Time at = window.draw(random);
    const Time length = ms(random, 100, 12'000);
    for (const Wire wire : wires) faults.push_back({at, Cut{wire, true, true, length}});
  });
}

Faults process_crashes(Random random, Window window) {
  return several(random, 1, 5, [&](Faults& faults) {
    const Place place = place_of(any_node(random));
    const Time at = window.draw(random);
    const Time down = random.chance(50) ? ms(random, 20, 500) : ms(random, 500, 10'000);
    faults.push_back({at, Outage{place, false, down}});
  });
}

Faults witness_crashes(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const Time at = window.draw(random);
    const bool power_lost = random.chance(50);
    faults.push_back({at, Outage{Place::witness, power_lost, ms(random, 20, 10'000)}});
  });
}

Faults power_losses(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const Place place = place_of(any_node(random));
    const Time at = window.draw(random);
    faults.push_back({at, Outage{place, true, ms(random, 500, 12'000)}});
  });
}

Faults power_lost_together(Random random, Window window) {
  return several(random, 1, 2, [&](Faults& faults) {
    const NodeId first = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, Outage{place_of(first), true, ms(random, 500, 12'000)}});
    const Time later = at + ms(random, 0, 50);
    faults.push_back({later, Outage{place_of(other(first)), true, ms(random, 500, 12'000)}});
  });
}

Faults crashes_in_recovery(Random random, Window window) {
  Faults faults;
  const Place place = place_of(any_node(random));
  Time at = window.draw(random);
  for (std::int64_t n = random.between(2, 3); n > 0 && at < window.end; --n) {
    const Time down = ms(random, 20, 2000);
    faults.push_back({at, Outage{place, random.chance(50), down}});
    at += down + ms(random, 0, 1500);
  }
  return faults;
}

/// What a forgotten vote would be fatal for: one node is isolated and left out; then the witness loses its disk, the
/// other node its power, and the isolated one is back.
Faults witness_forgets_who_was_left_out(Random random, Window window) {
  const NodeId isolated = any_node(random);
  const Time at = window.draw(random);
  const Time forgets = at + ms(random, 2000, 6000);
  const Time back = forgets + ms(random, 0, 500);
  const Time down = ms(random, 20, 500);
  const Outage other_fails{place_of(other(isolated)), random.chance(50), ms(random, 5000, 12'000)};
  return {{at, Cut{Wire::peers, true, true, back - at}},
          {at, Cut{witness_wire(isolated), true, true, back - at}},
          {forgets, LostDisk{Place::witness, LostDisk::Found::nothing, down}},
          {back, other_fails}};
}

Faults lost_disks(Random random, Window window) {
  if (random.chance(40)) return witness_forgets_who_was_left_out(random, window);
  const Place place = random.pick(every_place);
  const Time at = window.draw(random);
  const auto found = random.pick(
      std::array{LostDisk::Found::nothing, LostDisk::Found::empty_directory, LostDisk::Found::clone_of_other});
  return {{at, LostDisk{place, found, ms(random, 500, 8000)}}};
}

Faults old_disks(Random random, Window window) {
  const Place place = random.pick(every_place);
  const Time at = window.draw(random);
  const Time age = ms(random, 1000, 20'000);
  return {{at, OldDisk{place, age, ms(random, 500, 8000)}}};
}

/// Again and again, with a node isolated meanwhile, and the other one gone before it could say so.
Faults third_vote_forgets(Random random, Window window) {
  return several(random, 2, 4, [&](Faults& faults) {
    const Time at = window.draw(random);
    const Time down = ms(random, 20, 3000);
    if (random.chance(50)) {
      faults.push_back({at, LostDisk{Place::witness, LostDisk::Found::nothing, down}});
    } else {
      faults.push_back({at, OldDisk{Place::witness, ms(random, 1000, 10'000), down}});
    }
    const NodeId isolated = any_node(random);
    const Time before = ms(random, 0, 3000);
    const Time length = ms(random, 500, 8000);
    const Time dies = at + ms(random, 0, 1000);
    if (random.chance(50)) return;
    for (const Wire wire : {Wire::peers, witness_wire(isolated)}) {
      faults.push_back({std::max(window.begin, at - before), Cut{wire, true, true, length}});
    }
    if (random.chance(50)) faults.push_back({dies, Outage{place_of(other(isolated)), true, ms(random, 500, 8000)}});
  });
}

Faults pauses(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const Place place = random.one_in(5) ? Place::witness : place_of(any_node(random));
    const Time at = window.draw(random);
    faults.push_back({at, Pause{place, ms(random, 100, 12'000)}});
  });
}

Faults clock_steps(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    const Time by = random.between(1, 3600) * one_second;
    faults.push_back({at, ClockStep{node, random.chance(70), by}});
  });
}

Faults freezes(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const Place place = random.one_in(4) ? Place::witness : place_of(any_node(random));
    const Time at = window.draw(random);
    faults.push_back({at, Freeze{place, ms(random, 500, 12'000)}});
  });
}

Faults commands(Random random, Window window) {
  return several(random, 1, 6, [&](Faults& faults) {
    const NodeId node = any_node(random);
    io::Command command;
    command.verb = random.pick(std::array{io::Verb::start, io::Verb::stop, io::Verb::restart, io::Verb::swap,
                                          io::Verb::swap, io::Verb::prim, io::Verb::second, io::Verb::wait_role});
    command.full = command.verb == io::Verb::second && random.chance(30);
    const Time at = window.draw(random);
    faults.push_back({at, Order{node, command}});
    // Whoever stops a module starts it again, most of the time.
    if (command.verb != io::Verb::stop || random.one_in(4)) return;
    faults.push_back({at + ms(random, 100, 8000), Order{node, {io::Verb::start, false, false}}});
  });
}

/// What cuts a resync short: the machine dies again, the connection breaks, the disk refuses. Around `at`.
Fault interruption(Random& random, NodeId joiner, Time at) {
  const Time when = at + ms(random, 0, 2500);
  if (random.one_in(3)) return {when, Reset{Wire::peers}};
  if (random.chance(50)) return {when, Outage{place_of(joiner), random.chance(50), ms(random, 50, 1500)}};
  const std::uint64_t one_in = static_cast<std::uint64_t>(random.between(1, 6));
  return {at, DiskErrors{joiner, DiskCalls::stream, ENOSPC, one_in, ms(random, 500, 6000)}};
}

Faults forced_elections(Random random, Window window) {
  return several(random, 1, 2, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    // Most of the time where it is meant for: the other node is gone, it seems for good.
    const Time gone = ms(random, 0, 3000);
    const Time down = ms(random, 3000, 20'000);
    const bool meant = random.chance(70);
    const Time from = at - std::min(at, gone);
    if (meant) faults.push_back({from, Outage{place_of(other(node)), random.chance(60), down}});
    faults.push_back({at, Order{node, {io::Verb::prim, true, false}}});
    if (!meant || random.chance(40)) return;
    for (std::int64_t n = random.between(1, 4); n > 0; --n) {
      const Fault fault = interruption(random, other(node), from + down);
      if (fault.at < window.end) faults.push_back(fault);
    }
  });
}

/// A node goes and comes back, and while it is brought up to date it, its disk, the connection or the other node is
/// struck; often what comes back from that is struck again.
Faults crashes_in_resync(Random random, Window window) {
  return several(random, 2, 5, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    const bool power_lost = random.chance(60);
    const Time down = ms(random, 300, 6000);
    faults.push_back({at, Outage{place_of(node), power_lost, down}});
    if (random.one_in(6))
      faults.push_back({at + down + one_second, Order{node, {.verb = io::Verb::second, .full = true}}});
    for (std::int64_t n = random.between(1, 4); n > 0; --n) {
      Fault fault = interruption(random, node, at + down);
      if (random.one_in(3)) {
        const bool primary_loses_power = random.chance(50);
        const Time when = at + down + ms(random, 0, 1500);
        fault = {when, Outage{place_of(other(node)), primary_loses_power, ms(random, 50, 3000)}};
      }
      if (fault.at < window.end) faults.push_back(fault);
    }
  });
}

Faults disk_errors(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const DiskCalls calls =
        random.pick(std::array{DiskCalls::requests, DiskCalls::stream, DiskCalls::reads, DiskCalls::all});
    const int error = random.pick(std::array{EIO, ENOSPC, EDQUOT, EROFS});
    const std::uint64_t one_in = random.chance(30) ? 1 : static_cast<std::uint64_t>(random.between(2, 20));
    const Time at = window.draw(random);
    faults.push_back({at, DiskErrors{node, calls, error, one_in, ms(random, 50, 8000)}});
  });
}

Faults short_writes(Random random, Window window) {
  return several(random, 1, 2, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, ShortWrites{node, static_cast<std::uint64_t>(random.between(1, 10)), ms(random, 50, 8000)}});
  });
}

Faults failed_syncs(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, FailedSyncs{node, static_cast<std::uint32_t>(random.between(1, 2))}});
  });
}

Faults hanging_disks(Random random, Window window) {
  return several(random, 1, 2, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, HangingDisk{node, random.chance(50) ? ms(random, 200, 5000) : ms(random, 5000, 60'000)}});
  });
}

Faults damaged_frames(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const Wire wire = any_wire(random);
    const Time at = window.draw(random);
    const auto one_in = static_cast<std::uint64_t>(random.between(1, 50));
    faults.push_back({at, DamagedFrames{wire, one_in, ms(random, 50, 3000)}});
  });
}

Faults unreadable_journals(Random random, Window window) {
  const Place place = random.pick(every_place);
  const Time at = window.draw(random);
  return {{at, UnreadableJournal{place, ms(random, 500, 15'000)}}};
}

Faults script_trouble(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const io::Phase phase = random.pick(
        std::array{io::Phase::prestart, io::Phase::start, io::Phase::stop, io::Phase::poststop, io::Phase::force_stop});
    const Conduct conduct = random.pick(std::array{Conduct::hangs, Conduct::fails, Conduct::lies, Conduct::slow});
    const Time at = window.draw(random);
    faults.push_back({at, ScriptTrouble{node, phase, conduct, ms(random, 500, 20'000)}});
    // Something has to start and stop while it lasts.
    if (random.chance(60)) {
      const io::Verb verb = random.pick(std::array{io::Verb::swap, io::Verb::restart, io::Verb::stop});
      faults.push_back({at + ms(random, 0, 500), Order{random.chance(50) ? node : other(node), {verb, false, false}}});
    }
    if (random.chance(60)) {
      faults.push_back({at + ms(random, 500, 12'000), Order{node, {io::Verb::start, false, false}}});
      faults.push_back({at + ms(random, 500, 12'000), Order{other(node), {io::Verb::start, false, false}}});
    }
  });
}

Faults slow_ends(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    const Time longest = ms(random, 200, 6000);
    faults.push_back({at, SlowEnd{node, longest, ms(random, 500, 20'000)}});
  });
}

Faults application_trouble(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Failing failing = random.pick(std::array{Failing::dies, Failing::hangs, Failing::flaps});
    const Time at = window.draw(random);
    faults.push_back({at, ApplicationTrouble{node, failing, ms(random, 500, 15'000)}});
  });
}

Faults check_trouble(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const auto check = static_cast<std::uint32_t>(random.between(0, 4));
    const CheckConduct conduct =
        random.pick(std::array{CheckConduct::hangs, CheckConduct::says_well, CheckConduct::says_ill,
                               CheckConduct::wavers, CheckConduct::slow});
    const Time at = window.draw(random);
    faults.push_back({at, CheckTrouble{node, check, conduct, ms(random, 300, 12'000)}});
  });
}

/// Often on both servers: they share the network that is gone.
Faults server_trouble(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, ServerTrouble{node, ms(random, 300, 12'000)}});
    if (random.chance(50)) return;
    faults.push_back({at + ms(random, 0, 3000), ServerTrouble{other(node), ms(random, 300, 12'000)}});
  });
}

Faults bit_rot(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, BitRot{node, static_cast<std::uint32_t>(random.between(1, 5))}});
  });
}

Faults misdirected_writes(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    faults.push_back({at, MisdirectedWrites{node, static_cast<std::uint32_t>(random.between(1, 2))}});
  });
}

Faults bad_sectors(Random random, Window window) {
  return several(random, 1, 3, [&](Faults& faults) {
    const NodeId node = any_node(random);
    const Time at = window.draw(random);
    const auto sectors = static_cast<std::uint32_t>(random.between(1, 4));
    faults.push_back({at, BadSectors{node, sectors, ms(random, 500, 20'000)}});
  });
}

/// Given at both nodes, since nobody knows which will be the primary.
void give_both(Faults& faults, Time at, io::Command command) {
  faults.push_back({at, Order{NodeId::first, command}});
  faults.push_back({at + one_ms, Order{NodeId::second, command}});
}

Faults verifies(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const Time at = window.draw(random);
    give_both(faults, at, {.verb = io::Verb::verify});
    if (random.chance(40)) {
      give_both(faults, at + ms(random, 200, 4000), {.verb = io::Verb::verify, .repair = true});
    } else if (random.chance(10)) {
      give_both(faults, at + ms(random, 1, 500), {.verb = io::Verb::verify, .cancel = true});
    }
  });
}

/// Something has to be compared, or handed over, after the rot.
Faults outages_in_rot(Random random, Window window) {
  return random.chance(50) ? process_crashes(random, window) : power_losses(random, window);
}

Faults daemon_crashes(Random random, Window window) {
  return several(random, 1, 4, [&](Faults& faults) {
    const NodeId node = any_node(random);
    Time at = window.draw(random);
    for (bool again = true; again && at < window.end; again = random.one_in(3)) {
      const Time down = random.chance(70) ? ms(random, 10, 300) : ms(random, 300, 6000);
      faults.push_back({at, DaemonCrash{node, down, random.one_in(10)}});
      at += down + ms(random, 0, 1500);
    }
  });
}

/// What may befall a node that does not hear the other one, or has not for some time.
Fault strike_in_isolation(Random& random, Time at) {
  const NodeId node = any_node(random);
  switch (random.below(6)) {
    case 0: return {at, Outage{place_of(node), true, ms(random, 300, 8000)}};
    case 1: return {at, Outage{place_of(node), false, ms(random, 20, 6000)}};
    case 2: return {at, Pause{place_of(node), ms(random, 100, 10'000)}};
    case 3: return {at, DaemonCrash{node, ms(random, 10, 3000), false}};
    case 4: return {at, Freeze{place_of(node), ms(random, 300, 8000)}};
    default: break;
  }
  const io::Verb verb =
      random.pick(std::array{io::Verb::prim, io::Verb::prim, io::Verb::swap, io::Verb::stop, io::Verb::start});
  return {at, Order{node, {.verb = verb, .force = verb == io::Verb::prim}}};
}

Faults isolations(Random random, Window window) {
  return several(random, 2, 5, [&](Faults& faults) {
    const Time at = window.draw(random);
    Time length = random.chance(30) ? ms(random, 50, 2000) : ms(random, 2000, 15'000);
    // Or the nodes meet again just when one of them goes on by itself.
    if (random.one_in(4)) length = random.between(window.timeout * 9 / 10, window.timeout * 14 / 10);
    const bool from_left = !random.one_in(8);
    const bool from_right = !from_left || !random.one_in(8);
    faults.push_back({at, Cut{Wire::peers, from_left, from_right, length}});
    for (std::int64_t n = random.between(0, 2); n > 0; --n) {
      const Time early = ms(random, 0, 1000);
      const Time when = at - std::min(at, early) + ms(random, 0, 12'000);
      faults.push_back(strike_in_isolation(random, std::max(when, window.begin)));
    }
    if (random.one_in(3)) {
      const Time again = at + length + ms(random, 20, 1500);
      faults.push_back({again, Cut{Wire::peers, true, true, ms(random, 50, 6000)}});
    }
    // Every vote goes by the one link that there is.
    if (random.one_in(4)) {
      faults.push_back({window.draw(random), Slow{Wire::peers, ms(random, 150, 450), ms(random, 3000, 10'000)}});
    }
  });
}

/// Other kinds, a few of them in a run.
Faults trouble_beside_isolation(Random random, Window window) {
  constexpr int percent = 10;
  Faults faults;
  for (const auto draw :
       {process_crashes,   power_losses, power_lost_together, crashes_in_recovery, pauses,         freezes,
        slow_cables,       resets,       lost_disks,          old_disks,           commands,       forced_elections,
        crashes_in_resync, failed_syncs, disk_errors,         hanging_disks,       server_trouble, application_trouble,
        script_trouble,    slow_ends,    daemon_crashes,      unreadable_journals}) {
    if (!random.chance(percent)) continue;
    const Faults drawn = draw(random.fork(), window);
    faults.insert(faults.end(), drawn.begin(), drawn.end());
  }
  return faults;
}

constexpr std::array kinds{
    Kind{"slow-cables", "network", 50, "1 to 4 times, one cable delays frames by up to 5 to 400 ms, for 0.5 to 8 s",
         slow_cables},
    Kind{"resets", "network", 40, "1 to 8 times, one connection breaks; 1 in 4 is noticed late by one side", resets},
    Kind{"one-way-cuts", "network", 35, "1 to 4 times, one direction of one cable is cut for 0.1 to 12 s",
         one_way_cuts},
    Kind{"two-way-cuts", "network", 35, "1 to 4 times, one cable or both of one node are cut for 0.1 to 12 s",
         two_way_cuts},
    Kind{"process-crashes", "crash", 50, "1 to 5 times, a node's process is killed for 20 ms to 10 s", process_crashes},
    Kind{"witness-crashes", "crash", 25, "1 to 3 times, the witness is killed or loses power for 20 ms to 10 s",
         witness_crashes},
    Kind{"crashes-in-recovery", "crash", 15, "a node is stopped 2 or 3 times, each 0 to 1.5 s after its start",
         crashes_in_recovery},
    Kind{"power-losses", "power", 40, "1 to 3 times, a node loses power for 0.5 to 12 s", power_losses},
    Kind{"power-lost-together", "power", 8, "once or twice, both nodes lose power within 50 ms", power_lost_together},
    Kind{
        "lost-disks", "replaced", 12,
        "once, a machine has an empty disk, a node an empty directory or a clone; or the witness, when it matters most",
        lost_disks},
    Kind{"old-disks", "replaced", 12, "once, one machine comes back with a copy of its disk that is 1 to 20 s old",
         old_disks},
    Kind{"pauses", "pause", 35, "1 to 4 times, a node or the witness is frozen for 0.1 to 12 s", pauses},
    Kind{"clock-steps", "clock", 25, "1 to 3 times, a node's wall clock jumps by up to an hour, mostly back",
         clock_steps},
    Kind{"freezes", "clock", 15, "1 to 3 times, a machine is suspended with its clock for 0.5 to 12 s", freezes},
    Kind{"commands", "commands", 35, "1 to 6 commands at either node, never forced", commands},
    Kind{"disk-errors", "disk", 15,
         "1 to 3 times, a volume refuses one in 1 to 20 requests, operations of the stream, reads or all (EIO, ENOSPC, "
         "EDQUOT, EROFS) for 50 ms to 8 s",
         disk_errors},
    Kind{"short-writes", "disk", 10, "once or twice, a volume cuts one in 1 to 10 writes short for 50 ms to 8 s",
         short_writes},
    Kind{"failed-syncs", "disk", 12, "1 to 3 times, the next 1 or 2 syncs of a volume fail and lose what they had",
         failed_syncs},
    Kind{"hanging-disks", "disk", 12, "once or twice, a disk hangs for 0.2 to 60 s", hanging_disks},
    Kind{"damaged-frames", "disk", 10, "1 to 3 times, a cable flips a bit in one of 1 to 50 frames for 50 ms to 3 s",
         damaged_frames},
    Kind{"unreadable-journals", "disk", 5, "once, a machine ends and cannot read its journal for 0.5 to 15 s",
         unreadable_journals},
    Kind{"script-trouble", "application", 15,
         "1 to 4 times, a phase on one node hangs, fails, lies or takes up to 15 s, for 0.5 to 20 s; most of the time "
         "the module is swapped, restarted or stopped right then, and told to start again later",
         script_trouble},
    Kind{"slow-ends", "application", 10,
         "1 to 3 times, killed processes and the mount take up to 0.2 to 6 s to be gone, for 0.5 to 20 s", slow_ends},
    Kind{"application-trouble", "application", 25,
         "1 to 4 times, the application on one node dies, hangs, or dies within 2 s of each start, for 0.5 to 15 s",
         application_trouble},
    Kind{"check-trouble", "application", 25,
         "1 to 4 times, a check on one node hangs, lies, wavers or takes up to 2 s, for 0.3 to 12 s", check_trouble},
    Kind{"server-trouble", "application", 12,
         "1 to 3 times, a server, or half of the time both, lack what they must have to serve for 0.3 to 12 s",
         server_trouble},
    Kind{
        "forced-elections", "forced", 8,
        "once or twice, a node is told to become the primary whatever the other has, most of the time after that died; "
        "often that one is interrupted 1 to 4 times when it comes back",
        forced_elections},
    // What nobody can notice before both nodes' contents are compared.
    Kind{"bit-rot", "rot", 15, "1 to 4 times, 1 to 5 bits of files flip on a node's disk", bit_rot},
    Kind{"misdirected-writes", "rot", 5, "1 to 3 times, the next 1 or 2 writes of a node land in another file",
         misdirected_writes},
    Kind{"outages-in-rot", "rot", 0, "process crashes or power losses, as those kinds have them", outages_in_rot},
    Kind{"verifies", "rot", 25,
         "1 to 4 times, the nodes' data are compared; 2 of 5 times what differs is repaired, now and then it is "
         "cancelled",
         verifies},
    Kind{"bad-sectors", "rot", 10,
         "1 to 3 times, 1 to 4 sectors of files on a node's disk cannot be read for 0.5 to 20 s", bad_sectors},
    Kind{"crashes-in-resync", "resync", 8,
         "2 to 5 times, a node is stopped or loses power, and 1 to 4 times within 2.5 s after its return it is stopped "
         "again, its disk refuses, its connection breaks or the other node is stopped",
         crashes_in_resync},
    Kind{
        "daemon-crashes", "daemon", 20,
        "1 to 4 times, a node's process is killed for 10 ms to 6 s while its application waits; 1 in 3 times once more "
        "within 1.5 s of its return; 1 in 10 times what was kept cannot be taken up",
        daemon_crashes},
    Kind{"third-vote-forgets", "store", 8,
         "2 to 4 times, the third machine's disk is empty or a copy that is 1 to 10 s old; half of the time a node is "
         "isolated meanwhile, and half of those times the other one loses power",
         third_vote_forgets},
    // Without a third vote.
    Kind{
        "isolations", "isolation", 0,
        "2 to 5 times, the nodes do not hear each other, now and then only one way, for 50 ms to 15 s, or until one of "
        "them is about to go on alone; often a node is stopped, loses power, pauses or is commanded about then; now "
        "and "
        "then their link is slow",
        isolations},
    Kind{"trouble-beside-isolation", "isolation", 0, "any of most other kinds, each in one of ten runs",
         trouble_beside_isolation},
};

}  // namespace

std::span<const Kind> fault_kinds() { return kinds; }

bool known_profile(std::string_view profile) {
  return profile == "all" || profile == "calm" ||
         std::any_of(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.profile == profile; });
}

std::string profile_names() {
  std::string names = "all, calm";
  std::string_view last;
  for (const Kind& kind : kinds) {
    if (kind.profile != last) names += ", " + std::string(kind.profile);
    last = kind.profile;
  }
  return names;
}

KindSet draw_kinds(std::string_view profile, Random& random) {
  KindSet chosen;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const bool drawn = random.chance(kinds[i].percent);
    chosen[i] = profile == kinds[i].profile || (profile == "all" && drawn);
  }
  return chosen;
}

std::vector<Fault> draw_faults(KindSet chosen, std::uint64_t seed, Window window) {
  std::vector<Fault> faults;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!chosen[i]) continue;
    std::vector<Fault> drawn = kinds[i].draw(Random::keyed(seed, kinds[i].name), window);
    faults.insert(faults.end(), drawn.begin(), drawn.end());
  }
  std::erase_if(faults, [&](const Fault& fault) { return fault.at >= window.end; });
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return faults;
}

}  // namespace lockstep::sim

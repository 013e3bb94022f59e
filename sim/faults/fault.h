// One thing that goes wrong, or is commanded, at one time. A value: a run's faults can be printed, left out one by
// one, and tried again.
#pragma once

#include "sim/faults/application_trouble.h"
#include "sim/faults/bad_sectors.h"
#include "sim/faults/bit_rot.h"
#include "sim/faults/check_trouble.h"
#include "sim/faults/clock_step.h"
#include "sim/faults/cut.h"
#include "sim/faults/daemon_crash.h"
#include "sim/faults/damaged_frames.h"
#include "sim/faults/disk_errors.h"
#include "sim/faults/failed_syncs.h"
#include "sim/faults/freeze.h"
#include "sim/faults/hanging_disk.h"
#include "sim/faults/lost_disk.h"
#include "sim/faults/misdirected_writes.h"
#include "sim/faults/old_disk.h"
#include "sim/faults/order.h"
#include "sim/faults/outage.h"
#include "sim/faults/pause.h"
#include "sim/faults/reset.h"
#include "sim/faults/script_trouble.h"
#include "sim/faults/server_trouble.h"
#include "sim/faults/short_writes.h"
#include "sim/faults/slow.h"
#include "sim/faults/slow_end.h"
#include "sim/faults/unreadable_journal.h"

#include <string>
#include <variant>
#include <vector>

namespace lockstep::sim {

struct Fault {
  Time at;
  /// Each alternative has happen(World&), text(), where() (the machines that it concerns), its `kind` by name, and a
  /// listing of its fields (sim/scenario/fields.h).
  std::variant<Slow, Reset, Cut, Outage, Pause, Order, LostDisk, OldDisk, ClockStep, Freeze, DiskErrors, ShortWrites,
               FailedSyncs, HangingDisk, DamagedFrames, UnreadableJournal, ScriptTrouble, SlowEnd, BitRot,
               MisdirectedWrites, BadSectors, ApplicationTrouble, CheckTrouble, ServerTrouble, DaemonCrash>
      what;

  void happen(World& world) const {
    std::visit([&](const auto& unit) { unit.happen(world); }, what);
  }
  [[nodiscard]] std::string text() const {
    return std::visit([](const auto& unit) { return unit.text(); }, what);
  }
  [[nodiscard]] std::vector<Place> where() const {
    return std::visit([](const auto& unit) { return unit.where(); }, what);
  }
};

}  // namespace lockstep::sim

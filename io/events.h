// Everything that can happen to an engine. The sequence of (time, event) determines all it does: recorded in
// production, it can be replayed step by step.
#pragma once

#include "engine/values/file_piece.h"
#include "engine/values/manifest.h"
#include "engine/values/operation.h"
#include "engine/values/strong.h"
#include "io/application.h"
#include "io/console.h"
#include "io/link.h"
#include "io/timers.h"
#include "io/touch_log.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::io {

/// Always the first event, once.
struct Booted {
  Buffer journal;      ///< the record last stored; empty on the very first start
  bool retained;       ///< the volume still holds everything ever applied to it: no power loss since (process
                       ///< crash or clean stop only), same filesystem, same mount of it
  std::uint64_t tree;  ///< identity of the volume's directory: stays with it, another one has another
  std::uint64_t seed;  ///< for the engine's own random numbers (jitter, identities); fresh for every start
  LoggedTouches touches = {};
  /// How many Synced events with an error (but ENOENT) the volume has had for any process since its machine was booted,
  /// whether or not the process lived to hear of them.
  std::uint64_t failed_syncs = 0;
  /// The service of an earlier life of this process has outlived it: its application runs and was not told to end; its
  /// mount has its callers, who wait. Mount::open() takes it up, or Mount::close() and Phase::kill end it.
  bool held = false;
};
struct LinkUp {
  Endpoint endpoint;
};
struct LinkDown {
  Endpoint endpoint;
};
struct FrameArrived {
  Endpoint endpoint;
  Buffer frame;
};
struct TimerFired {
  TimerId timer;
};
struct JournalStored {
  Ticket ticket;
};
struct TouchesLogged {
  Ticket ticket;
};
struct Applied {
  Ticket ticket;
  int error = 0;
  Operation effect;
  bool replicated = true;
  std::uint64_t bytes = 0;
};
struct Synced {
  Ticket ticket;
  int error = 0;
};
struct Scanned {
  Ticket ticket;
  int error = 0;
  Manifest manifest;
  bool last = true;  ///< no further part follows
};
/// See io/volume.h.
struct Indexed {};
/// See io/background.h.
struct WorkDone {
  Ticket ticket;
};
struct Digested {
  Ticket ticket;
  int error = 0;
  std::vector<std::uint64_t> digests;
};
struct RegionRead {
  Ticket ticket;
  int error = 0;
  std::vector<FilePiece> pieces;
  std::int64_t mtime_ns = 0;
};
struct SetAside {
  Ticket ticket;
  int error = 0;
};
struct MountOpened {
  std::string error_text;
};
struct MountClosed {};
struct RequestArrived {
  RequestId request;
  Operation operation;
};
struct PhaseEnded {
  Ticket ticket;
  bool succeeded = true;
  std::string text;
};
struct CheckEnded {
  Ticket ticket;
  std::size_t check = 0;
  bool passed = true;
  std::string text;  ///< what was found, for people
};
/// What a check looks at has changed (a process has ended): looking now finds more than waiting for its turn.
struct CheckPrompted {
  std::size_t check = 0;
};
struct CommandGiven {
  CommandId command_id;
  Command command;
};

using Event = std::variant<Booted, LinkUp, LinkDown, FrameArrived, TimerFired, JournalStored, Applied, Synced, Scanned,
                           Digested, RegionRead, MountOpened, MountClosed, RequestArrived, PhaseEnded, CommandGiven,
                           TouchesLogged, SetAside, CheckEnded, CheckPrompted, WorkDone, Indexed>;

}  // namespace lockstep::io

// Port: what the engine tells of its decisions, for logs, checkers, timelines and coverage. Never answered.
#pragma once

#include "engine/values/check_action.h"
#include "engine/values/configuration.h"
#include "engine/values/mismatch.h"
#include "engine/values/operation.h"
#include "engine/values/strong.h"
#include "engine/values/time.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace lockstep::io {

/// The role machine made a transition because of an event (names as in the transition table); an internal one
/// stays in its state.
struct RoleChanged {
  std::string_view from, to, event;
};
/// The role machine was given an event that its table does not know (I18).
struct UnknownTransition {
  std::string_view state, event;
};
/// This voter's answer leaves for a proposer (after the journal has it): the configuration it accepted.
struct VoteCast {
  std::uint64_t ballot;
  Configuration configuration;
  bool by_stand_in = false;  ///< that of the third vote which the cluster does not have, cast with this node's own
};
/// This node learned that a majority has decided a configuration.
struct ConfigurationDecided {
  Configuration configuration;
};
/// This node holds the lease of `epoch` until `until` by its own clock.
struct LeaseHeld {
  Epoch epoch;
  Instant until;
};
/// From now on this node may (or may not) complete requests.
struct WritableChanged {
  bool writable;
  Epoch epoch;
};
/// The primary gave an effect its place in the stream. `request` is 0 for resync's own operations.
struct OperationOrdered {
  RequestId request;
  Epoch epoch;
  Lsn lsn;
  const Operation* operation;  ///< valid during the call only
};
/// A replica has applied (and, for sync, made durable) the operation of the stream.
struct OperationReplicated {
  Epoch epoch;
  Lsn lsn;
  const Operation* operation;  ///< valid during the call only
};
/// A returning node does not keep the contents of an operation until its tree is ready for it: they are copied later,
/// and the operation is not reported as replicated.
struct ContentsLetGo {
  Epoch epoch;
  Lsn lsn;
};
/// A request is answered with success now. `lsn` 0: nothing was replicated (local only).
struct RequestAcknowledged {
  RequestId request;
  Epoch epoch;
  Lsn lsn;
  OperationKind kind;
};
/// The application's prestart begins; the directory is or becomes writable.
struct ApplicationStarting {
  Epoch epoch;
};
struct ApplicationStopped {};
/// A check has failed, and this follows from it. Not always what is configured: nobody fails over to a node that lacks
/// something, and nobody restarts for ever.
struct CheckActed {
  std::size_t check;  ///< its place in Settings::checks
  CheckAction action;
};
/// A resync of this node begins (its tree is a mixture until ResyncEnded) at the primary's `lsn`.
struct ResyncBegan {
  Lsn lsn;
  bool whole = true;  ///< everything is compared; otherwise what one of the nodes has listed
};
struct ResyncEnded {
  Lsn lsn;
  std::uint64_t bytes_copied;
};
/// This primary begins to compare the other node's data with its own.
struct VerifyBegan {
  VerifyJob job;
};
/// Something was found to differ at one place of the stream, or cannot be read.
struct MismatchFound {
  FileId file;
  MismatchKind kind;
  std::uint64_t offset;  ///< of contents
  std::uint64_t chunks;  ///< of contents from there on: a bit for each that differs
  std::uint32_t chunk_bytes;
};
/// This node's version of a file is about to be overwritten by a repair, and is kept aside under its number.
struct VersionOverwritten {
  FileId file;
  std::uint64_t repair;
};
struct VerifyEnded {
  bool complete;             ///< otherwise it came to nothing
  std::uint64_t mismatches;  ///< known now
};
/// A decision of the protocol was made in a way that the engine's registry names (coverage). Test builds only.
struct Mark {
  std::string_view name;
  std::uint16_t number;  ///< its place in the registry
};
/// Something worth a line in the log.
struct Note {
  std::string text;
};

using TraceEvent = std::variant<RoleChanged, UnknownTransition, VoteCast, ConfigurationDecided, LeaseHeld,
                                WritableChanged, OperationOrdered, OperationReplicated, ContentsLetGo,
                                RequestAcknowledged, ApplicationStarting, ApplicationStopped, ResyncBegan, ResyncEnded,
                                VerifyBegan, MismatchFound, VersionOverwritten, VerifyEnded, CheckActed, Mark, Note>;

class Trace {
 public:
  virtual ~Trace() = default;
  virtual void record(const TraceEvent& event) = 0;
};

}  // namespace lockstep::io

// Port: a small record that several programs share in a store which stays up without them, changed by
// compare-and-swap.
#pragma once

#include "engine/values/buffer.h"

#include <compare>
#include <cstdint>
#include <variant>

namespace lockstep::io {

/// Which version of the record; 0: there is no record. A store gives no two versions the same, unless it is set back to
/// an older state.
struct Revision {
  std::uint64_t value = 0;
  auto operator<=>(const Revision&) const = default;
};

/// The store answers from now on.
struct StoreUp {};
/// It does not any more. A call that was under way is not answered; whether a replacement has come about, or still
/// will, is not known.
struct StoreDown {};
/// The newest version, at some moment between the question and this answer.
struct RecordRead {
  Revision revision;
  Buffer record;  ///< empty: there is none
};
/// What was given is the newest version now.
struct RecordReplaced {
  Revision revision;
};
/// Nothing was changed, since another version than the expected one was the newest: this one.
struct RecordSuperseded {
  Revision revision;
  Buffer record;
};
using SharedRecordEvent = std::variant<StoreUp, StoreDown, RecordRead, RecordReplaced, RecordSuperseded>;

/// One call at a time, and only between StoreUp and StoreDown. Each is answered by an event, never from within the
/// call, or by StoreDown. Connects by itself, again and again, with a short pause between attempts; StoreUp means that
/// a majority of the store has answered. A store that answers too late counts as down.
class SharedRecord {
 public:
  virtual ~SharedRecord() = default;
  virtual void read() = 0;
  /// Durable, on a majority of the store's servers, before RecordReplaced comes. `record` is not empty.
  virtual void replace(Revision expected, Buffer record) = 0;
  /// Gives up the present connection; StoreDown follows.
  virtual void reset() = 0;
};

}  // namespace lockstep::io

// Port: the small durable memory of one engine (votes, epoch, LSN). Event that answers: JournalStored.
#pragma once

#include "engine/values/buffer.h"
#include "engine/values/strong.h"

#include <cstddef>

namespace lockstep::io {

inline constexpr std::size_t journal_bytes_max = 2048;

class Journal {
 public:
  virtual ~Journal() = default;
  /// Replaces the stored record, atomically: after a crash the record read back is this one or the one before,
  /// never a mixture, and never older than one whose JournalStored was delivered. JournalStored{ticket} comes
  /// once `record` is durable (on disk, names included). Calls complete in order. A journal that cannot write any
  /// more stops the process: a vote that cannot be kept must not be given.
  virtual void store(Ticket ticket, Buffer record) = 0;
};

}  // namespace lockstep::io

// What is wrong with a disk at present, as faults set it and the simulated volume obeys it.
#pragma once

#include "sim/volume/ranges.h"

#include <cstdint>

namespace lockstep::sim {

struct Trouble {
  /// One call in `one_in` (0: none) fails with `error` and changes nothing.
  struct Refusal {
    std::uint64_t one_in = 0;
    int error = 0;
  };
  Refusal requests;  ///< apply() of the application's
  Refusal stream;    ///< apply() of the other node's and of a resync
  Refusal reads;     ///< scan(), digest(), read()

  /// One write of several bytes in so many is cut short: a request writes fewer bytes, the stream's fails (ENOSPC).
  std::uint64_t short_write_one_in = 0;
  /// So many of the next syncs fail (EIO), and what they were to write may never be written (Disk::drop).
  std::uint32_t failing_syncs = 0;
  /// Bytes of files that cannot be read (EIO) until they are written anew.
  Ranges unreadable = {};
  /// So many of the next writes land in another file, un-noticed.
  std::uint32_t misdirected_writes = 0;
};

}  // namespace lockstep::sim

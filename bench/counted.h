// What the whole program allocates and copies, for benchmarks that say so per operation. One thread only.
#pragma once

#include <cstdint>

namespace lockstep::bench {

struct Counts {
  std::uint64_t allocations = 0;
  std::uint64_t copied_bytes = 0;  ///< by calls of memcpy and memmove; what the compiler inlines is small
};

/// So far.
Counts counts();

/// While one lives nothing is counted: for what stands for the world around the measured part.
class Uncounted {
 public:
  Uncounted();
  ~Uncounted();
  Uncounted(const Uncounted&) = delete;
  Uncounted& operator=(const Uncounted&) = delete;
};

}  // namespace lockstep::bench

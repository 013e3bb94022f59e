// Figures that one thread keeps and any other reads.
#pragma once

#include <atomic>
#include <cstdint>

namespace lockstep::prod {

/// Counted up by its one thread, without a locked instruction; read by any.
class Counter {
 public:
  void add(std::uint64_t count = 1) { set(value() + count); }
  /// For what somebody else counts, or what goes up and down.
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace lockstep::prod

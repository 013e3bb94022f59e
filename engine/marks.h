// Marks: the places where the engine decides something, by name. Each branch of the protocol has one, so that a test
// can say which of them no run ever took. Compiled in only for test builds (LOCKSTEP_TEST_BUILD); elsewhere a mark
// is nothing.
#pragma once

#include "io/trace.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep::engine {

enum class Mark : std::uint16_t {
#define MARK(name, what) name,
#include "engine/mark_table.inc"
#undef MARK
  count
};

struct MarkInfo {
  std::string_view name;
  std::string_view what;  ///< what has happened where the mark is reached
};

/// In the order of Mark.
inline constexpr std::array<MarkInfo, static_cast<std::size_t>(Mark::count)> marks{{
#define MARK(name, what) {#name, what},
#include "engine/mark_table.inc"
#undef MARK
}};

/// Tells a trace of the marks that are reached; one without a trace tells nobody.
class MarkSink {
 public:
  MarkSink() = default;
#ifdef LOCKSTEP_TEST_BUILD
  explicit MarkSink(io::Trace& trace) : trace_(&trace) {}
  void operator()(Mark mark) const {
    if (trace_ != nullptr) tell(mark);
  }

 private:
  [[gnu::cold]] void tell(Mark mark) const;  // cold: keeps the marks out of the way of what runs often

  io::Trace* trace_ = nullptr;
#else
  explicit MarkSink(io::Trace&) {}
  void operator()(Mark) const {}
#endif
};

}  // namespace lockstep::engine

// Always-on assertions: a broken assumption stops the process (or the simulated node) before it can do harm.
#pragma once

#include <string_view>

namespace lockstep {

/// Called when a check fails. The default prints and aborts; the simulator installs one that throws.
using CheckHandler = void (*)(std::string_view condition, std::string_view meaning, std::string_view file, int line);
CheckHandler set_check_handler(CheckHandler handler);  ///< returns the one before
[[noreturn]] void check_failed(std::string_view condition, std::string_view meaning, std::string_view file, int line);

}  // namespace lockstep

/// `meaning` says what should have held; where an invariant is meant it starts with its ID ("I13: ...").
#define LOCKSTEP_CHECK(condition, meaning) \
  ((condition) ? static_cast<void>(0) : ::lockstep::check_failed(#condition, meaning, __FILE__, __LINE__))

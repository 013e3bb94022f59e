// How a port's implementation tells people what it met, beside the events that it gives the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lockstep::io {

enum class Severity : std::uint8_t { debug, info, warning, error };

/// Called from any thread. The text is one line, names what is affected and, where there is one, the remedy.
using Report = std::function<void(Severity severity, const std::string& text)>;

}  // namespace lockstep::io

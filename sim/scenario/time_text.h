// Times as people write them: "2.5 s".
#pragma once

#include "sim/scheduler.h"

#include <optional>
#include <string>
#include <string_view>

namespace lockstep::sim {

/// The longest time that time_from_text() takes.
constexpr Time written_time_max = 86'400 * one_second;

/// Exact, without trailing zeroes.
std::string text_of(Time time);
/// Nothing unless `text` is what text_of() gives for some time from 0 to written_time_max, or that with more zeroes.
std::optional<Time> time_from_text(std::string_view text);

}  // namespace lockstep::sim

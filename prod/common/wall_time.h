// The time of day, for people and files. Nothing that decides anything looks at it: it may be set at any moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::prod {

/// Milliseconds since 1970.
std::int64_t wall_clock_ms();

/// "2026-11-28T12:31:05.123Z"
std::string iso_time(std::int64_t ms);
/// What iso_time() has written; nothing if it is anything else.
std::optional<std::int64_t> parse_iso_time(const std::string& text);

/// In this machine's time zone: "2026-11-28 13:31:05".
std::string local_time(std::int64_t ms);
/// As short as can be understood at `now_ms`: "13:31", "yesterday 13:31", "2026-11-20 13:31".
std::string local_time_short(std::int64_t ms, std::int64_t now_ms);

}  // namespace lockstep::prod

// Sizes and times for people.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::prod {

/// "17 bytes", "1.2 MiB".
std::string size_text(std::uint64_t bytes);
/// "43 s", "12 min 5 s", "3 h 20 min", "5 days".
std::string duration_text(std::uint64_t seconds);
/// The same for what may be short: "12 ms", "1.4 s".
std::string short_duration_text(double seconds);

}  // namespace lockstep::prod

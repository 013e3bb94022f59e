#include "prod/common/quantity_text.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace lockstep::prod {

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
  return buffer.data();
}

std::string duration_text(std::uint64_t seconds) {
  constexpr std::uint64_t minute = 60;
  constexpr std::uint64_t hour = 60 * minute;
  constexpr std::uint64_t day = 24 * hour;
  if (seconds >= 2 * day) return std::to_string(seconds / day) + " days";
  if (seconds < minute) return std::to_string(seconds) + " s";
  if (seconds < hour) return std::to_string(seconds / minute) + " min " + std::to_string(seconds % minute) + " s";
  return std::to_string(seconds / hour) + " h " + std::to_string(seconds % hour / minute) + " min";
}

std::string short_duration_text(double seconds) {
  constexpr double ten_seconds = 10;
  if (seconds >= ten_seconds) return duration_text(static_cast<std::uint64_t>(seconds));
  std::array<char, 32> buffer{};
  if (seconds >= 1) {
    std::snprintf(buffer.data(), buffer.size(), "%.1f s", seconds);
  } else if (seconds >= 0.01) {
    std::snprintf(buffer.data(), buffer.size(), "%.0f ms", seconds * 1e3);
  } else if (seconds >= 0.001) {
    std::snprintf(buffer.data(), buffer.size(), "%.1f ms", seconds * 1e3);
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%.0f us", seconds * 1e6);
  }
  return buffer.data();
}

}  // namespace lockstep::prod

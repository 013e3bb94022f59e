#include "prod/common/wall_time.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace lockstep::prod {

namespace {

constexpr std::int64_t ms_per_second = 1000;

std::tm broken_down(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / ms_per_second);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local;
}

std::string formatted(const std::tm& time, const char* format) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &time)};
}

bool same_day(const std::tm& a, const std::tm& b) { return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday; }

/// The day before: counted by the calendar, since a day need not have 24 hours.
std::tm day_before(std::tm day) {
  --day.tm_mday;
  day.tm_hour = 12;
  day.tm_isdst = -1;
  ::mktime(&day);
  return day;
}

}  // namespace

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string iso_time(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / ms_per_second);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms % ms_per_second));
  return formatted(utc, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

std::optional<std::int64_t> parse_iso_time(const std::string& text) {
  std::tm utc{};
  int ms = 0;
  int used = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms, &used);
  if (read != 7 || static_cast<std::size_t>(used) != text.size()) return std::nullopt;
  utc.tm_year -= 1900;
  --utc.tm_mon;
  const std::int64_t time = std::int64_t{::timegm(&utc)} * ms_per_second + ms;
  // scanf and the calendar take much else, such as signs, spaces and the 31st of November.
  if (iso_time(time) != text) return std::nullopt;
  return time;
}

std::string local_time(std::int64_t ms) { return formatted(broken_down(ms), "%Y-%m-%d %H:%M:%S"); }

std::string local_time_short(std::int64_t ms, std::int64_t now_ms) {
  const std::tm then = broken_down(ms);
  const std::tm now = broken_down(now_ms);
  if (same_day(then, now)) return formatted(then, "%H:%M");
  if (same_day(then, day_before(now))) return formatted(then, "yesterday %H:%M");
  return formatted(then, "%Y-%m-%d %H:%M");
}

}  // namespace lockstep::prod

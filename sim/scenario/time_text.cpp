#include "sim/scenario/time_text.h"

#include <charconv>

namespace lockstep::sim {

namespace {

constexpr std::string_view unit = " s";
constexpr std::size_t decimals_max = 9;

std::optional<Time> number(std::string_view digits) {
  Time value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  return value;
}

}  // namespace

std::string text_of(Time time) {
  std::string text = std::to_string(time / one_second);
  if (const Time rest = time % one_second; rest != 0) {
    const std::string digits = std::to_string(one_second + rest);  // a one in front keeps the leading zeroes
    text += "." + digits.substr(1, digits.find_last_not_of('0'));
  }
  return text + std::string(unit);
}

std::optional<Time> time_from_text(std::string_view text) {
  if (!text.ends_with(unit)) return std::nullopt;
  text.remove_suffix(unit.size());
  const std::size_t point = text.find('.');
  std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
  if (decimals.empty() || decimals.size() > decimals_max) return std::nullopt;
  decimals.resize(decimals_max, '0');
  const auto seconds = number(text.substr(0, point));
  const auto rest = number(decimals);
  if (!seconds || !rest || *seconds > written_time_max / one_second) return std::nullopt;
  const Time time = *seconds * one_second + *rest;
  return time <= written_time_max ? std::optional(time) : std::nullopt;
}

}  // namespace lockstep::sim

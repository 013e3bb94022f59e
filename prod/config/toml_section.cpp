#include "prod/config/toml_section.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <limits>
#include <numeric>

namespace lockstep::prod {

namespace {

const TomlValue::Table no_entries;
constexpr std::size_t name_bytes_max = 63;
constexpr std::int64_t ns_per_ms = 1'000'000;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0 || end == text.data()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::int64_t factor_ms = 0;
  if (unit == "ms") factor_ms = 1;
  if (unit == "s") factor_ms = 1000;
  if (unit == "m") factor_ms = 60'000;
  if (unit == "h") factor_ms = 3'600'000;
  constexpr std::int64_t count_max = 1'000'000'000;
  if (factor_ms == 0 || count > count_max / factor_ms) return std::nullopt;
  return milliseconds(count * factor_ms);
}

std::string format_duration(Duration duration) {
  const std::int64_t ms = duration.ns / ns_per_ms;
  if (ms != 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms != 0 && ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& words) {
  std::optional<std::string> best;
  // Two neighbouring letters exchanged count as two changes, and are the commonest mistake.
  std::size_t best_distance = text.size() < 4 ? 2 : text.size() / 3 + 2;
  for (const std::string& word : words) {
    const std::size_t distance = edit_distance(text, word);
    if (distance < best_distance) {
      best_distance = distance;
      best = word;
    }
  }
  return best;
}

TomlSection::TomlSection(const TomlValue& value, std::string file, std::string name,
                         std::vector<ConfigurationError>& errors)
    : position_(value.position),
      entries_(std::get_if<TomlValue::Table>(&value.value)),
      file_(std::move(file)),
      name_(std::move(name)),
      errors_(errors) {
  if (entries_ != nullptr) return;
  entries_ = &no_entries;
  error(value.position, name_ + " should be a table, not " + value.kind());
}

void TomlSection::error(TomlPosition position, const std::string& text) {
  errors_.push_back({file_, position.line, position.column, text});
}

bool TomlSection::has(std::string_view key) const {
  return std::any_of(entries_->begin(), entries_->end(), [key](const TomlEntry& entry) { return entry.key == key; });
}

TomlPosition TomlSection::position_of(std::string_view key) const {
  for (const TomlEntry& entry : *entries_) {
    if (entry.key == key) return entry.value.position;
  }
  return position_;
}

const TomlEntry* TomlSection::any(std::string_view key) {
  asked_.emplace_back(key);
  for (const TomlEntry& entry : *entries_) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const TomlEntry* TomlSection::find(std::string_view key, Presence presence, const char* example) {
  const TomlEntry* entry = any(key);
  if (entry == nullptr && presence == Presence::required) {
    const std::string where = name_.empty() ? "" : " in " + name_;
    error(position_, quoted(key) + " is missing" + where + ": add for example " + std::string(key) + " = " + example);
  }
  return entry;
}

void TomlSection::wrong_kind(const TomlEntry& entry, const char* wanted) {
  error(entry.value.position, quoted(entry.key) + " should be " + wanted + ", not " + entry.value.kind());
}

std::optional<std::string> TomlSection::text(std::string_view key, Presence presence) {
  const TomlEntry* entry = find(key, presence, "\"...\"");
  if (entry == nullptr) return std::nullopt;
  const auto* value = std::get_if<std::string>(&entry->value.value);
  if (value == nullptr) {
    wrong_kind(*entry, "a string");
    return std::nullopt;
  }
  if (value->find('\0') != std::string::npos) {
    error(entry->value.position, quoted(key) + " must not hold a NUL character");
    return std::nullopt;
  }
  return *value;
}

std::optional<bool> TomlSection::truth(std::string_view key) {
  const TomlEntry* entry = any(key);
  if (entry == nullptr) return std::nullopt;
  if (const auto* value = std::get_if<bool>(&entry->value.value)) return *value;
  wrong_kind(*entry, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> TomlSection::number(std::string_view key, Presence presence, std::int64_t least,
                                                std::int64_t most) {
  const TomlEntry* entry = find(key, presence, std::to_string(least == 1 ? 7701 : least).c_str());
  if (entry == nullptr) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&entry->value.value);
  if (value == nullptr) {
    wrong_kind(*entry, "a whole number");
    return std::nullopt;
  }
  if (*value < least || *value > most) {
    error(entry->value.position, quoted(key) + " is " + std::to_string(*value) + ": it must lie between " +
                                     std::to_string(least) + " and " + std::to_string(most));
    return std::nullopt;
  }
  return *value;
}

std::optional<Duration> TomlSection::duration(std::string_view key, Duration least, Duration most) {
  const TomlEntry* entry = any(key);
  if (entry == nullptr) return std::nullopt;
  const auto* value = std::get_if<std::string>(&entry->value.value);
  const auto parsed = value == nullptr ? std::nullopt : parse_duration(*value);
  if (!parsed) {
    error(entry->value.position,
          quoted(key) + " should be a duration with its unit, for example \"2s\", \"200ms\" or \"5m\"");
    return std::nullopt;
  }
  if (*parsed < least || *parsed > most) {
    error(entry->value.position, quoted(key) + " is " + *value + ": it must lie between " + format_duration(least) +
                                     " and " + format_duration(most));
    return std::nullopt;
  }
  return parsed;
}

std::optional<std::size_t> TomlSection::choice(std::string_view key, const std::vector<std::string_view>& choices) {
  const auto value = text(key, Presence::optional);
  if (!value) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *value);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string all;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    all += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + quoted(choices[i]);
  }
  error(position_of(key), quoted(key) + " is " + quoted(*value) + ": it must be " + all);
  return std::nullopt;
}

std::optional<std::uint16_t> TomlSection::port(std::string_view key, Presence presence) {
  const auto value = number(key, presence, 1, std::numeric_limits<std::uint16_t>::max());
  return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

std::optional<std::string> TomlSection::ip_address(std::string_view key, Presence presence) {
  const auto value = text(key, presence);
  if (!value) return std::nullopt;
  in6_addr binary{};
  if (::inet_pton(AF_INET, value->c_str(), &binary) == 1 || ::inet_pton(AF_INET6, value->c_str(), &binary) == 1) {
    return value;
  }
  error(position_of(key), quoted(key) + " is " + quoted(*value) +
                              ": write an IP address such as \"10.0.0.1\" (names are not looked up, since name service "
                              "may be down when it matters)");
  return std::nullopt;
}

std::optional<std::string> TomlSection::path(std::string_view key, Presence presence) {
  auto value = text(key, presence);
  if (!value) return std::nullopt;
  while (value->size() > 1 && value->back() == '/') value->pop_back();
  const std::string bracketed = *value + "/";
  if (value->empty() || value->front() != '/' || bracketed.find("/./") != std::string::npos ||
      bracketed.find("/../") != std::string::npos || bracketed.find("//") == 0 ||
      value->find("//") != std::string::npos) {
    error(position_of(key),
          quoted(key) + " is " + quoted(*value) + ": write an absolute path without \".\", \"..\" and doubled slashes");
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> TomlSection::name(std::string_view key, Presence presence) {
  auto value = text(key, presence);
  if (!value || is_name(*value)) return value;
  error(position_of(key), quoted(key) + " is " + quoted(*value) +
                              ": use lower case letters, digits, \"-\" and \"_\", at most 63 characters");
  return std::nullopt;
}

void TomlSection::finish() {
  for (const TomlEntry& entry : *entries_) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    const auto meant = nearest(entry.key, asked_);
    std::string known;
    for (const std::string& key : asked_) known += (known.empty() ? "" : ", ") + key;
    error(entry.position, "unknown key " + quoted(entry.key) + (name_.empty() ? "" : " in " + name_) +
                              (meant ? ": did you mean " + quoted(*meant) + "?" : ": known are " + known));
  }
}

}  // namespace lockstep::prod

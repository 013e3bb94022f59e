// Visitors of a listing of fields (sim/scenario/fields.h) that write a TOML table and read one.
#pragma once

#include "io/toml/toml.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/scenario_file.h"
#include "sim/scenario/time_text.h"

#include <concepts>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace lockstep::sim {

class TomlWriter {
 public:
  toml::table table;

  template <typename T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      table.insert(name, std::string(name_of(value)));
    } else if constexpr (std::is_same_v<T, bool>) {
      table.insert(name, value);
    } else if (std::in_range<std::int64_t>(value)) {
      table.insert(name, static_cast<std::int64_t>(value));
    } else {
      table.insert(name, std::to_string(value));  // TOML's integers have 63 bits
    }
  }
  void time(std::string_view name, Time value) { table.insert(name, text_of(value)); }
};

/// Throws ScenarioError where something is missing or makes no sense.
class TomlReader {
 public:
  /// `path`: what the table is called in messages, with a point at its end, or empty.
  TomlReader(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

  template <typename T>
  void operator()(std::string_view name, T& value) {
    const toml::node& node = get(name);
    if constexpr (std::is_enum_v<T>) {
      const auto text = node.value_exact<std::string>();
      const auto found = text ? named<T>(*text) : std::nullopt;
      if (!found) fail(node, name, "one of " + names_of<T>());
      value = *found;
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto truth = node.value_exact<bool>();
      if (!truth) fail(node, name, "true or false");
      value = *truth;
    } else {
      value = integer<T>(node, name);
    }
  }
  void time(std::string_view name, Time& value) {
    const toml::node& node = get(name);
    const auto text = node.value_exact<std::string>();
    const auto time = text ? time_from_text(*text) : std::nullopt;
    if (!time) fail(node, name, "a time from \"0 s\" to \"" + text_of(written_time_max) + R"(", such as "2.5 s")");
    value = *time;
  }

  /// The table that a field must be.
  const toml::table& subtable(std::string_view name);
  /// The tables that a field must be an array of; a field that is missing is an empty array.
  std::vector<const toml::table*> subtables(std::string_view name);
  /// The text that a field must be.
  std::string text(std::string_view name);

  [[noreturn]] void fail(const toml::node& node, std::string_view name, const std::string& wanted) const;
  /// Of a field that was read already.
  [[noreturn]] void fail(std::string_view name, const std::string& wanted) const {
    fail(*table_.get(name), name, wanted);
  }
  /// Fields that nothing has asked for are errors: they are misspelt.
  void expect_no_more() const;

 private:
  const toml::node& get(std::string_view name);

  template <typename T>
  T integer(const toml::node& node, std::string_view name) const {
    const std::string wanted = "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                               std::to_string(std::numeric_limits<T>::max());
    if (const auto number = node.value_exact<std::int64_t>()) {
      if (!std::in_range<T>(*number)) fail(node, name, wanted);
      return static_cast<T>(*number);
    }
    const auto text = node.value_exact<std::string>();
    T value{};
    if (!text || !parsed(*text, value)) fail(node, name, wanted);
    return value;
  }
  template <typename T>
  static bool parsed(const std::string& text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  }

  const toml::table& table_;
  std::string path_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace lockstep::sim

#include "prod/config/toml_document.h"

#include "io/toml/toml.h"

#include <algorithm>
#include <array>

namespace lockstep::prod {

namespace {

TomlPosition position_of(const toml::source_region& source) {
  return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

bool earlier(const TomlEntry& a, const TomlEntry& b) {
  return a.position.line != b.position.line ? a.position.line < b.position.line : a.position.column < b.position.column;
}

TomlValue convert(const toml::node& node) {
  TomlValue result;
  result.position = position_of(node.source());
  if (const auto* table = node.as_table()) {
    TomlValue::Table entries;
    for (const auto& [key, value] : *table) {
      entries.push_back({std::string(key.str()), position_of(key.source()), convert(value)});
    }
    std::sort(entries.begin(), entries.end(), earlier);
    result.value = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    TomlValue::Array elements;
    for (const auto& element : *array) elements.push_back(convert(element));
    result.value = std::move(elements);
  } else if (const auto text = node.value_exact<std::string>()) {
    result.value = *text;
  } else if (const auto truth = node.value_exact<bool>()) {
    result.value = *truth;
  } else if (const auto number = node.value_exact<std::int64_t>()) {
    result.value = *number;
  } else if (const auto fraction = node.value_exact<double>()) {
    result.value = *fraction;
  }
  return result;
}

}  // namespace

std::string TomlValue::kind() const {
  constexpr std::array<const char*, 7> kinds = {"a date or time", "a boolean", "a number", "a number",
                                                "a string",       "a table",   "a list"};
  return kinds[value.index()];
}

TomlValue parse_toml(std::string_view text, const std::string& shown_name, std::vector<ConfigurationError>& errors) {
  try {
    return convert(parse_toml_text(text));
  } catch (const TomlError& error) {
    errors.push_back({shown_name, error.line, error.column, error.what()});
    return {{}, TomlValue::Table{}};
  }
}

}  // namespace lockstep::prod

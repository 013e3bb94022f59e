#include "prod/config/written_settings.h"

#include "prod/config/toml_document.h"

#include <algorithm>

namespace lockstep::prod {

namespace {

/// On one line, whatever it holds.
std::string quoted(const std::string& text) {
  std::string shown = "\"";
  for (const char each : text) {
    if (each == '\n') {
      shown += "\\n";
    } else if (each == '\r') {
      shown += "\\r";
    } else {
      shown += each;
    }
  }
  return shown + "\"";
}

std::string as_written(const TomlValue& value) {
  if (const auto* truth = std::get_if<bool>(&value.value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value.value)) return std::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value.value)) return quoted(*text);
  if (const auto* list = std::get_if<TomlValue::Array>(&value.value)) {
    std::string all;
    for (const TomlValue& each : *list) all += (all.empty() ? "" : ", ") + as_written(each);
    return "[" + all + "]";
  }
  return value.kind();
}

void collect(const TomlValue::Table& table, const std::string& section, std::vector<WrittenSetting>& settings) {
  for (const TomlEntry& entry : table) {
    const auto* inner = std::get_if<TomlValue::Table>(&entry.value.value);
    const auto* list = std::get_if<TomlValue::Array>(&entry.value.value);
    if (inner != nullptr) {
      collect(*inner, "[" + entry.key + "] ", settings);
    } else if (list != nullptr && (list->empty() || std::holds_alternative<TomlValue::Table>(list->front().value))) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* each = std::get_if<TomlValue::Table>(&(*list)[i].value);
        if (each != nullptr) collect(*each, "[[" + entry.key + "]] " + std::to_string(i + 1) + " ", settings);
      }
    } else {
      settings.push_back({section + entry.key, as_written(entry.value), entry.position.line});
    }
  }
}

}  // namespace

std::vector<WrittenSetting> written_settings(const std::string& text) {
  std::vector<ConfigurationError> ignored;
  const TomlValue document = parse_toml(text, "", ignored);
  std::vector<WrittenSetting> settings;
  if (const auto* table = std::get_if<TomlValue::Table>(&document.value)) collect(*table, "", settings);
  return settings;
}

const WrittenSetting* find_setting(const std::vector<WrittenSetting>& settings, const std::string& key) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const WrittenSetting& setting) { return setting.key == key; });
  return found == settings.end() ? nullptr : &*found;
}

bool may_hold_secret(const std::string& key) {
  // Whoever knows the URL of a webhook can often post there; a command or a check may log in.
  if (key.starts_with("[application] ")) return !key.ends_with("timeout");
  return key.ends_with(" url") || key.ends_with(" command") || key.ends_with(" send");
}

Concern concern_of(std::string_view file, std::string_view key) {
  if (file != "cluster.toml") return {false, key == "timeout"};
  const bool own = key.starts_with("[paths] ") || key == "[http] address" || key == "[api] address";
  const bool servers_only = own || key.starts_with("[http] ") || key.starts_with("[api] ");
  return {own, !servers_only};
}

}  // namespace lockstep::prod

#include "prod/config/written_settings.h"

#include "prod/config/toml_document.h"

#include <algorithm>
#include <string_view>

namespace lockstep::prod {

namespace {

/// On one line, and unambiguous.
std::string quoted(const std::string& text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned char first_printed = 0x20;
  constexpr unsigned char del = 0x7f;
  std::string shown = "\"";
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (each == '\n') {
      shown += "\\n";
    } else if (each == '\r') {
      shown += "\\r";
    } else if (each == '"' || each == '\\') {
      shown += std::string("\\") + each;
    } else if (byte < first_printed || byte == del) {
      shown += std::string("\\u00") + digits[byte / digits.size()] + digits[byte % digits.size()];
    } else {
      shown += each;
    }
  }
  return shown + "\"";
}

/// With quotes only where TOML wants them.
std::string key_as_written(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return bare ? key : quoted(key);
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
    const std::string key = key_as_written(entry.key);
    const auto* inner = std::get_if<TomlValue::Table>(&entry.value.value);
    const auto* list = std::get_if<TomlValue::Array>(&entry.value.value);
    if (inner != nullptr) {
      collect(*inner, "[" + key + "] ", settings);
    } else if (list != nullptr && (list->empty() || std::holds_alternative<TomlValue::Table>(list->front().value))) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* each = std::get_if<TomlValue::Table>(&(*list)[i].value);
        if (each != nullptr) collect(*each, "[[" + key + "]] " + std::to_string(i + 1) + " ", settings);
      }
    } else {
      settings.push_back({section + key, as_written(entry.value), entry.position.line});
    }
  }
}

/// Null if there is no such key.
const WrittenSetting* find_setting(const std::vector<WrittenSetting>& settings, const std::string& key) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const WrittenSetting& setting) { return setting.key == key; });
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

std::vector<WrittenSetting> written_settings(const std::string& text) {
  std::vector<ConfigurationError> ignored;
  const TomlValue document = parse_toml(text, "", ignored);
  std::vector<WrittenSetting> settings;
  if (const auto* table = std::get_if<TomlValue::Table>(&document.value)) collect(*table, "", settings);
  return settings;
}

void for_each_difference(const std::string& one, const std::string& other,
                         const std::function<void(const WrittenSetting* one, const WrittenSetting* other)>& tell) {
  const std::vector<WrittenSetting> ours = written_settings(one);
  const std::vector<WrittenSetting> theirs = written_settings(other);
  for (const WrittenSetting& setting : ours) {
    const WrittenSetting* counterpart = find_setting(theirs, setting.key);
    if (counterpart == nullptr || counterpart->value != setting.value) tell(&setting, counterpart);
  }
  for (const WrittenSetting& setting : theirs) {
    if (find_setting(ours, setting.key) == nullptr) tell(nullptr, &setting);
  }
}

}  // namespace lockstep::prod

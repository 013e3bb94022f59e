#include "prod/config/compare_files.h"

#include "prod/config/toml_document.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

struct Setting {
  std::string key;  ///< as people would say it: "timeout", "[application] start", "[[check]] 2 port"
  std::string value;
  int line = 0;
};

std::string as_written(const TomlValue& value) {
  if (const auto* truth = std::get_if<bool>(&value.value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value.value)) return std::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value.value)) return "\"" + *text + "\"";
  if (const auto* list = std::get_if<TomlValue::Array>(&value.value)) {
    std::string all;
    for (const TomlValue& each : *list) all += (all.empty() ? "" : ", ") + as_written(each);
    return "[" + all + "]";
  }
  return value.kind();
}

void collect(const TomlValue::Table& table, const std::string& section, std::vector<Setting>& settings) {
  for (const TomlEntry& entry : table) {
    const auto* inner = std::get_if<TomlValue::Table>(&entry.value.value);
    const auto* list = std::get_if<TomlValue::Array>(&entry.value.value);
    if (inner != nullptr) {
      collect(*inner, "[" + entry.key + "] ", settings);
    } else if (list != nullptr && !list->empty() && std::holds_alternative<TomlValue::Table>(list->front().value)) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* each = std::get_if<TomlValue::Table>(&(*list)[i].value);
        if (each != nullptr) collect(*each, "[[" + entry.key + "]] " + std::to_string(i + 1) + " ", settings);
      }
    } else {
      settings.push_back({section + entry.key, as_written(entry.value), entry.position.line});
    }
  }
}

std::vector<Setting> settings_of(const std::string& text) {
  std::vector<ConfigurationError> ignored;
  const TomlValue document = parse_toml(text, "", ignored);
  std::vector<Setting> settings;
  if (const auto* table = std::get_if<TomlValue::Table>(&document.value)) collect(*table, "", settings);
  return settings;
}

const Setting* find(const std::vector<Setting>& settings, const std::string& key) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const Setting& setting) { return setting.key == key; });
  return found == settings.end() ? nullptr : &*found;
}

/// Not for terminals that others see: whoever knows the URL of a webhook can often post there.
bool is_secret(const std::string& key) { return key.ends_with(" url"); }

std::string said(const Setting& setting) {
  return is_secret(setting.key) ? setting.key : setting.key + " = " + setting.value;
}

std::string remedy(const std::string& file, const std::string& key) {
  const bool witness_too = file == "cluster.toml" || key == "timeout";
  return std::string(": make both the same, then restart lockstepd, first where the application does not serve") +
         (witness_too ? ", and lockstep-witness" : "");
}

void compare_settings(const std::string& file, const std::string& here, const std::string& there,
                      const std::string& other, std::vector<ConfigurationDifference>& differences) {
  const std::vector<Setting> own = settings_of(here);
  const std::vector<Setting> theirs = settings_of(there);
  const auto add = [&](const std::string& place, const std::string& key, const std::string& text) {
    const bool own_matter = key.starts_with("[paths] ") || key == "[http] address" || key == "[api] address";
    differences.push_back(
        {place + ": " + text + (own_matter ? ": each machine may have its own" : remedy(file, key)), !own_matter});
  };
  for (const Setting& setting : own) {
    const Setting* counterpart = find(theirs, setting.key);
    const std::string place = file + ":" + std::to_string(setting.line);
    if (counterpart == nullptr) {
      add(place, setting.key, said(setting) + " is here only, " + other + " goes by the default");
    } else if (counterpart->value != setting.value && is_secret(setting.key)) {
      add(place, setting.key,
          setting.key + " is another one on " + other + " (there in line " + std::to_string(counterpart->line) + ")");
    } else if (counterpart->value != setting.value) {
      add(place, setting.key,
          setting.key + " is " + setting.value + " here and " + counterpart->value + " on " + other +
              " (there in line " + std::to_string(counterpart->line) + ")");
    }
  }
  for (const Setting& setting : theirs) {
    if (find(own, setting.key) != nullptr) continue;
    add(file, setting.key,
        said(setting) + " is on " + other + " only (there in line " + std::to_string(setting.line) +
            "), this machine goes by the default");
  }
}

std::string only_here(const std::string& file, const std::string& other) {
  return file + ": is here and not on " + other + ": copy it there, or remove it here; then restart lockstepd on both";
}

std::string only_there(const std::string& file, const std::string& other) {
  return file + ": is on " + other +
         " and not here: copy it from there, or remove it there; then restart lockstepd on both";
}

/// Empty if it cannot be read; then whoever loads it says so.
std::string text_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();  // takes errors for an end, where iterators would throw
  return text.str();
}

}  // namespace

ConfigurationTexts read_configuration_texts(const std::string& directory) {
  ConfigurationTexts texts;
  std::error_code error;
  const fs::path root(directory);
  const auto add = [&](const std::string& name) {
    if (fs::is_regular_file(root / name, error)) texts[name] = text_of_file(root / name);
  };
  add("cluster.toml");
  for (fs::directory_iterator entry(root / "modules", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->path().extension() == ".toml" && name.front() != '.') add("modules/" + name);
  }
  return texts;
}

std::vector<ConfigurationDifference> compare_files(const ConfigurationTexts& here, const ConfigurationTexts& there,
                                                   const std::string& other) {
  std::vector<ConfigurationDifference> differences;
  for (const auto& [file, text] : here) {
    const auto counterpart = there.find(file);
    if (counterpart == there.end()) {
      differences.push_back({only_here(file, other)});
    } else {
      compare_settings(file, text, counterpart->second, other, differences);
    }
  }
  for (const auto& [file, text] : there) {
    if (here.count(file) != 0) continue;
    differences.push_back({only_there(file, other)});
  }
  return differences;
}

}  // namespace lockstep::prod

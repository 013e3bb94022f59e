#include "prod/config/compare_files.h"

#include "prod/config/live_keys.h"
#include "prod/config/written_settings.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

std::string said(const WrittenSetting& setting) {
  return may_hold_secret(setting.key) ? setting.key : setting.key + " = " + setting.value;
}

std::string remedy(const std::string& file, const std::string& key) {
  if (live_key(file, key) != nullptr) return ": make both the same, then \"lockstep reload\" where it was changed";
  return std::string(": make both the same, then restart lockstepd, first where the application does not serve") +
         (concern_of(file, key).witness ? ", and lockstep-witness" : "");
}

void compare_settings(const std::string& file, const std::string& here, const std::string& there,
                      const std::string& other, std::vector<ConfigurationDifference>& differences) {
  const std::vector<WrittenSetting> own = written_settings(here);
  const std::vector<WrittenSetting> theirs = written_settings(there);
  const auto add = [&](const std::string& place, const std::string& key, const std::string& text) {
    const bool own_matter = concern_of(file, key).one_machine;
    differences.push_back(
        {place + ": " + text + (own_matter ? ": each machine may have its own" : remedy(file, key)), !own_matter});
  };
  for (const WrittenSetting& setting : own) {
    const WrittenSetting* counterpart = find_setting(theirs, setting.key);
    const std::string place = file + ":" + std::to_string(setting.line);
    if (counterpart == nullptr) {
      add(place, setting.key, said(setting) + " is here only, " + other + " goes by the default");
    } else if (counterpart->value != setting.value && may_hold_secret(setting.key)) {
      add(place, setting.key,
          setting.key + " is another one on " + other + " (there in line " + std::to_string(counterpart->line) + ")");
    } else if (counterpart->value != setting.value) {
      add(place, setting.key,
          setting.key + " is " + setting.value + " here and " + counterpart->value + " on " + other +
              " (there in line " + std::to_string(counterpart->line) + ")");
    }
  }
  for (const WrittenSetting& setting : theirs) {
    if (find_setting(own, setting.key) != nullptr) continue;
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

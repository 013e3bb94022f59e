#include "prod/config/configuration_texts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

FileText read_file(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  std::error_code ignored;
  // A pipe would be waited for.
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    return {name, {}, path + " is no file: remove it, or give it another name"};
  }
  std::ifstream file(path);
  std::string text;
  std::array<char, 4096> part{};
  // Not by iterators, which throw where the disk cannot read.
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) return {name, {}, "cannot read " + path + ": " + std::strerror(errno)};
  return {name, text, {}};
}

}  // namespace

std::vector<FileText> read_files(const std::string& directory, LoadScope scope) {
  std::vector<FileText> files = {read_file(directory, cluster_file_name)};
  if (scope == LoadScope::cluster_only) return files;
  const std::string modules = directory + "/" + modules_directory_name;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(modules, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".toml" && path.filename().string().front() != '.') names.push_back(path.filename());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    files.push_back({modules_directory_name, {}, "cannot read " + modules + ": " + error.message()});
  } else if (names.empty()) {
    files.push_back({modules_directory_name,
                     {},
                     "no module is configured: write " + modules + "/NAME.toml with directory and port"});
  } else {
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      files.push_back(read_file(directory, std::string(modules_directory_name) + "/" + name));
    }
  }
  return files;
}

ConfigurationTexts read_configuration_texts(const std::string& directory) {
  ConfigurationTexts texts;
  for (FileText& file : read_files(directory, LoadScope::cluster_and_modules)) {
    if (file.mistake.empty()) texts[file.name] = std::move(file.text);
  }
  return texts;
}

}  // namespace lockstep::prod

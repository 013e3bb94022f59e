#include "sim/recording/recording_files.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

namespace lockstep::sim {

namespace {

namespace fs = std::filesystem;

constexpr const char* extension = ".recording";

struct Number {
  unsigned long long life = 0;
  unsigned long long segment = 0;
  auto operator<=>(const Number&) const = default;
};

std::optional<Number> number_of(const fs::path& path) {
  Number number;
  if (path.extension() != extension) return std::nullopt;
  if (std::sscanf(path.filename().c_str(), "%llu-%llu", &number.life, &number.segment) != 2) return std::nullopt;
  return number;
}

FoundRecordings grouped(const std::map<Number, std::string>& files) {
  FoundRecordings found;
  for (const auto& [number, path] : files) {
    if (found.lives.empty() || found.lives.back().number != number.life) found.lives.push_back({number.life, {}});
    found.lives.back().segments.push_back(path);
  }
  return found;
}

}  // namespace

FoundRecordings find_recordings(const std::string& path) {
  std::error_code error;
  const bool directory = fs::is_directory(path, error);
  if (!directory && !fs::is_regular_file(path, error)) return {{}, path + " is neither a recording nor a directory"};
  const std::optional<Number> only = directory ? std::nullopt : number_of(path);
  // A copy may have any name.
  if (!directory && !only) return {{LifeFiles{0, {path}}}, {}};

  std::map<Number, std::string> files;
  const fs::path folder = directory ? fs::path(path) : fs::absolute(path).parent_path();
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::optional<Number> number = number_of(entry.path());
    if (number && (!only || (number->life == only->life && number->segment >= only->segment))) {
      files.emplace(*number, entry.path().string());
    }
  }
  if (error) return {{}, "cannot look at " + folder.string() + ": " + error.message()};
  if (files.empty()) return {{}, "there is no LIFE-SEGMENT.recording in " + folder.string()};
  return grouped(files);
}

std::optional<Buffer> read_recording(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return Buffer::copy_of(text);
}

}  // namespace lockstep::sim

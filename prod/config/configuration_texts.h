// The texts of the configuration's files, read as they are now. Never waits and throws nothing: a running daemon reads
// them too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lockstep::prod {

/// By name beneath the configuration directory: "cluster.toml", "modules/shop.toml".
using ConfigurationTexts = std::map<std::string, std::string>;

struct FileText {
  std::string name;
  std::string text;
  std::string mistake;  ///< why it cannot be read, with a remedy; empty if it was

  bool operator==(const FileText&) const = default;
};

enum class LoadScope : std::uint8_t { cluster_and_modules, cluster_only };

inline constexpr const char* cluster_file_name = "cluster.toml";
inline constexpr const char* modules_directory_name = "modules";

/// DIRECTORY/cluster.toml and, unless only the cluster is wanted (the witness), DIRECTORY/modules/*.toml by name; in
/// their place the directory itself if it cannot be read or has none.
std::vector<FileText> read_files(const std::string& directory, LoadScope scope);

/// Those that could be read.
ConfigurationTexts read_configuration_texts(const std::string& directory);

}  // namespace lockstep::prod

// A tree at one instant: objects with their attributes, and the names that lead to them. No file contents.
#pragma once

#include "engine/values/operation.h"

#include <string>
#include <utility>
#include <vector>

namespace lockstep {

struct ManifestObject {
  FileId id;
  Attributes attributes;  ///< every field valid, mode with its type bits; rdev for devices
  std::string symlink_target;
  std::vector<std::pair<std::string, std::string>> xattrs;  ///< by name, ascending; without Lockstep's own

  bool operator==(const ManifestObject&) const = default;
};

struct ManifestEntry {
  FileId parent;
  std::string name;
  FileId id;

  bool operator==(const ManifestEntry&) const = default;
};

/// The root object is listed first. Objects without any name are not listed. What the staging directory
/// holds is listed as entries with parent FileId::staging() (the staging directory itself is not an object).
struct Manifest {
  std::vector<ManifestObject> objects;
  std::vector<ManifestEntry> entries;

  bool operator==(const Manifest&) const = default;
};

}  // namespace lockstep

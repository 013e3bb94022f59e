// A tree at one instant: objects with their attributes, and the names that lead to them. No file contents.
#pragma once

#include "engine/values/operation.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace lockstep {

struct ManifestObject {
  FileId id;
  Attributes attributes;  ///< every field valid, mode with its type bits; rdev for devices
  std::string symlink_target;
  std::vector<std::pair<std::string, std::string>> xattrs;  ///< by name, ascending; without Lockstep's own
  std::uint32_t links = 0;  ///< how many names lead to it; told by io::Volume::list only, and on no wire

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
  std::vector<FileId> listed;  ///< of a part of a tree only: the directories all of whose entries are given

  bool operator==(const Manifest&) const = default;
};

/// Which part of a tree is asked for.
struct SurveyRequest {
  std::vector<FileId> directories;  ///< with their entries, and every object that these lead to
  std::vector<FileId> objects;
  /// A directory that an entry leads to is listed as well if it is as young as this, and so on downwards.
  Period young_from = 0;

  /// Each once, in order.
  void sort() {
    for (auto* list : {&directories, &objects}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
  bool operator==(const SurveyRequest&) const = default;
};

}  // namespace lockstep

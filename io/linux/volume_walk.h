// A walk over a tree, or over parts of it, that can be interrupted between any two entries.
#pragma once

#include "io/linux/volume.h"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lockstep::linux_io {

struct LinuxVolume::Walk {
  std::function<void(Walk& walk, int error)> done;

  bool lists = false;                 ///< objects and entries get into the manifest, not only into the table
  std::optional<Period> young_from;   ///< only directories as young as this are entered; nothing: all are
  std::vector<FileId> asked;          ///< objects to describe first, once each
  std::unordered_set<FileId> listed;  ///< objects
  std::unordered_set<FileId> entered;
  std::vector<FileId> directories;  ///< still to be entered
  std::unordered_map<FileId, Place>* places = nullptr;
  Manifest manifest;

  // Where it has come to.
  std::size_t next_asked = 0;
  FileId directory = FileId::none();
  OpenObjectPtr open_directory;
  std::vector<std::string> names;  ///< of the directory, ascending
  std::size_t next_name = 0;

  [[nodiscard]] bool ended() const {
    return next_asked == asked.size() && next_name == names.size() && directories.empty();
  }
};

}  // namespace lockstep::linux_io

// A walk over a tree, or over parts of it, that can be interrupted between any two entries.
#pragma once

#include "io/linux/volume.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace lockstep::linux_io {

/// What a walk has found: parts of a manifest, and what took the place of some of it while the walk went on.
struct FoundTree {
  using Name = std::pair<FileId, std::string>;  ///< in a directory

  std::deque<Manifest> parts;
  std::map<Name, FileId> names;                                       ///< none: there is nothing any more
  std::unordered_map<FileId, std::optional<ManifestObject>> objects;  ///< nothing: no name leads to it any more
};

struct LinuxVolume::Walk {
  std::function<void(Walk& walk, int error)> done;

  bool lists = false;                 ///< objects and entries get into the manifest, not only into the table
  bool yields = false;                ///< requests of the application take effect meanwhile
  std::optional<Period> young_from;   ///< only directories as young as this are entered; nothing: all are
  std::vector<FileId> asked;          ///< objects to describe first, once each
  std::unordered_set<FileId> listed;  ///< objects; of a whole tree those that may have several names
  std::unordered_set<FileId> entered;
  std::unordered_set<FileId> missed;  ///< asked for and not found yet; may be found by name
  std::vector<FileId> directories;    ///< still to be entered
  std::unordered_map<FileId, Place>* places = nullptr;
  Manifest manifest;
  FoundTree found;  ///< what has got too large for the manifest, and what was looked at again

  // Where it has come to.
  std::size_t next_asked = 0;
  FileId directory = FileId::none();
  OpenObjectPtr open_directory;
  std::vector<std::string> names;  ///< of the directory, ascending
  std::size_t next_name = 0;

  // What has changed since it began; when it has come to an end that is looked at again, until little of it is left.
  std::set<FoundTree::Name> changed_names;
  std::set<FileId> changed_objects;
  std::vector<FoundTree::Name> names_again;
  std::vector<FileId> objects_again;
  int rounds = 0;
  bool closed = false;  ///< nothing takes effect any more until it has come to its end

  [[nodiscard]] bool ended() const {
    return next_asked == asked.size() && next_name == names.size() && directories.empty() && names_again.empty() &&
           objects_again.empty();
  }
};

}  // namespace lockstep::linux_io

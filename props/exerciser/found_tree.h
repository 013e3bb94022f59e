// What the directory really holds, read whole.
#pragma once

#include "props/exerciser/call.h"

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>

namespace lockstep::exerciser {

enum class ReadBy : std::uint8_t {
  cache,        ///< read(2)
  direct,       ///< O_DIRECT
  fresh_cache,  ///< read(2), after what can be dropped from the page cache has been
};

struct FoundFile {
  ino_t inode = 0;
  std::uint64_t links = 0;
  Bytes content;
};

/// By name, as in file_names; whatever else is there, too. Throws std::system_error.
std::map<std::string, FoundFile> read_tree(const std::string& directory, ReadBy how);

}  // namespace lockstep::exerciser

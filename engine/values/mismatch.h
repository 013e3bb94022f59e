// What a comparison of both nodes' data has found.
#pragma once

#include "engine/values/file_id.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep {

/// What a primary compares with the other node.
enum class VerifyJob : std::uint8_t {
  none,
  everything,
  listed,  ///< what is known to differ, once more
  repair,  ///< that, and brings it to the primary's state
};

enum class MismatchKind : std::uint8_t {
  contents,          ///< bytes of a file
  attributes,        ///< of an object, extended ones too
  names,             ///< the entries of a directory
  unreadable_here,   ///< the primary's disk does not give it back: contents of a file, or a directory
  unreadable_there,  ///< the other node's does not
};
constexpr std::string_view to_string(MismatchKind kind) {
  constexpr std::string_view names[] = {"contents", "attributes", "names", "unreadable here", "unreadable there"};
  return names[static_cast<unsigned>(kind)];
}

struct Mismatch {
  FileId file;
  MismatchKind kind{};
  std::string path;  ///< in the directory, as the verify came upon it; begins with "..." where it was moved meanwhile
  std::uint64_t offset = 0;  ///< of contents: where the first chunk begins
  std::uint64_t length = 0;  ///< to the end of the last chunk; 0: not of contents
  int error = 0;             ///< errno of what cannot be read
};

}  // namespace lockstep

// What an operation may make differ between the nodes, coarsely: one line of a hot or dirty list.
#pragma once

#include "engine/values/operation.h"

#include <compare>
#include <cstdint>
#include <vector>

namespace lockstep::engine {

enum class TouchKind : std::uint8_t {
  attributes,  ///< of the object, extended ones too
  names,       ///< in the directory, and its attributes
  region,      ///< of the contents, from `offset`, touch_region_bytes long, and the attributes
  onward,      ///< all of the contents from `offset` on, and the attributes
};

struct Touch {
  FileId file;
  TouchKind kind{};
  std::uint64_t offset = 0;  ///< a multiple of touch_region_bytes

  constexpr auto operator<=>(const Touch&) const = default;
  static void fields(auto& self, auto& archive) {
    archive(self.file);
    archive.ranged(self.kind, TouchKind::onward);
    archive(self.offset);
  }
  static Touch all_of(FileId file) { return {file, TouchKind::onward, 0}; }
};

/// An upper bound of a Touch's bytes in a message or a log.
inline constexpr std::size_t touch_bytes_max = 28;

/// Every touch of a request, whatever it finds. What is as young as `young_from` is left out: it is covered by the
/// touches of the directories that lead to it.
std::vector<Touch> touches_of(const Operation& request, Period young_from, std::uint64_t region_bytes);

}  // namespace lockstep::engine

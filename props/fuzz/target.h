// One decoder, to be given anything at all.
#pragma once

#include "engine/values/buffer.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep::fuzz {

struct Target {
  std::string_view name;  ///< as on the command line, and of its folder in the corpus
  /// Hands the bytes to the decoder. Whether it takes them for valid. What must hold of anything that it takes is
  /// checked by LOCKSTEP_CHECK: above all that it encodes to the same again.
  bool (*accepts)(const Buffer& input);
  /// Valid inputs, made by the encoders that production uses: accepts() takes each.
  std::vector<Buffer> (*seeds)();
  std::size_t bytes_max;  ///< longer inputs find nothing more
  std::size_t tries;      ///< take about three seconds, in the preset `asan`
};

/// All there are, but the planted one, in the order of the layers.
std::span<const Target* const> all_targets();
/// Null if there is none of that name.
const Target* find_target(std::string_view name);

}  // namespace lockstep::fuzz

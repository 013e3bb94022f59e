// Compares two directory trees as an application would see them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lockstep::linux_io {

/// One line for each difference, in the order of the names, at most `compare_trees_differences_max`; empty: the
/// trees are equal. Compared are names, types, bytes, owners, modes, modification times to the nanosecond, targets
/// of symbolic links, device numbers, which names are links of one file, and extended attributes but those of
/// Lockstep. Not compared: access and change times, holes, sizes of directories. Lockstep's own directories
/// (`.lockstep`, `.lockstep-conflicts`) in either root are left out, so that raw directories can be compared too. What
/// cannot be read is a difference. Each level of directories takes two descriptors while it is compared.
/// Neither tree may change meanwhile. Any thread.
std::vector<std::string> compare_trees(const std::string& path_a, const std::string& path_b);

inline constexpr std::size_t compare_trees_differences_max = 1000;

}  // namespace lockstep::linux_io

// The directory beside its model.
#pragma once

#include "props/exerciser/found_tree.h"
#include "props/exerciser/tree_model.h"

#include <map>
#include <optional>
#include <string>

namespace lockstep::exerciser {

/// The first bytes that differ: file, offset, how many, and what is there instead of what.
std::string describe_difference(const std::string& file, const FileModel& model, const Bytes& found,
                                std::uint64_t offset);

/// The first difference of names, links, sizes or bytes, for people; or nothing.
std::optional<std::string> difference(const TreeModel& model, const std::map<std::string, FoundFile>& found,
                                      Expect expect);

}  // namespace lockstep::exerciser

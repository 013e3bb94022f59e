// What the users of an explored history may ask for, and the small tree that they ask it of.
//
// The tree:  f  a file of three pages with an extended attribute      d/   holds f, a small file
//            g  a small file                                         e/   empty
//            l  a symlink to f
#pragma once

#include "engine/values/operation.h"
#include "sim/volume/filesystem.h"

#include <optional>
#include <span>
#include <string_view>

namespace lockstep::sim {

struct Request {
  std::string_view name;
  /// The request, said of what the tree holds when it is asked; nothing where that has nothing of the kind.
  std::optional<Operation> (*ask)(const Filesystem& tree);
};

/// Every kind of operation that an application can ask for, in its variants. Those that concern a file's contents or
/// attributes take the newest file: what the operation before has made or moved, if it has.
std::span<const Request> catalogue();

void lay_out_tree(Filesystem& filesystem);

}  // namespace lockstep::sim

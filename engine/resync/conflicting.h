// Which objects of a tree would lose something if it were made another's.
#pragma once

#include "engine/marks.h"
#include "engine/resync/compared_part.h"
#include "engine/values/manifest.h"

#include <vector>

namespace lockstep::engine {

/// Every object of `mine` that a resync to `theirs` removes, or whose contents or attributes it may replace; the root
/// directory aside, which is there whatever happens. Pure. `part`: what is compared, null where everything is; then
/// `mine` is a survey for it.
///
/// Where everything is compared, any file's contents may differ: fdatasync leaves a file's time behind, and programs
/// set it. Where the lists belong together, what *either* node has listed may have been lost by the other: what this
/// node replicated, and a power loss took from the one that had listed it. Times of a directory move with its names;
/// what names it had is kept with what they led to.
std::vector<ManifestObject> conflicting(const Manifest& mine, const Manifest& theirs, const ComparedPart* part,
                                        MarkSink mark = {});

}  // namespace lockstep::engine

// How to turn one tree's names and attributes into another's, without touching contents that both have.
#pragma once

#include "engine/marks.h"
#include "engine/values/manifest.h"

#include <vector>

namespace lockstep::engine {

/// Operations that, applied in order to the tree that `mine` describes, give the names, attributes and extended
/// attributes of `theirs`, and leave the staging directory empty. Pure.
///
/// Objects that both trees have (same FileId) are renamed, never copied: they are parked in the staging directory
/// between their old and their new place, so that swaps and cycles of directories need no special order. An object
/// that only `mine` has, where `theirs` has another of the same type under the same name and parent, takes over
/// the other's identity instead of being deleted: so a copy made by other means is a start. Regular files get
/// their size; where they grow, the contents are holes until pulled.
std::vector<Operation> plan_reconcile(const Manifest& mine, const Manifest& theirs, MarkSink mark = {});

/// The same where only parts of both trees are known: `theirs` as a survey gave it, `mine` as a survey of the
/// directories that `theirs` lists (and more of its own) and of every object in `theirs`. Names in other directories
/// are equal, and stay as they are.
struct PartialPlan {
  /// The two parts can be parts of trees that are equal elsewhere; otherwise there is no plan.
  bool fits = true;
  std::vector<Operation> steps;
  /// Objects that the plan creates, or takes for others: their contents are not known to be anything.
  std::vector<FileId> fresh;
};
PartialPlan plan_partial(const Manifest& mine, const Manifest& theirs, Period young_from, MarkSink mark = {});

}  // namespace lockstep::engine

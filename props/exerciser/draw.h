// Which operation comes next.
#pragma once

#include "props/exerciser/tree_model.h"

namespace lockstep::exerciser {

/// Decided by the seed, the number and what the tree is like: so the operations of a run can be drawn again without
/// making them.
Call draw_call(std::uint64_t seed, std::uint64_t number, const TreeModel& tree);

}  // namespace lockstep::exerciser

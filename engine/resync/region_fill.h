// What a primary has read of a file, as the operation that gives another node the same bytes.
#pragma once

#include "engine/values/operation.h"
#include "io/events.h"

namespace lockstep::engine {

/// `event`: of at least one byte. To be ordered in the stream where it was read, so that nothing newer is ever
/// overwritten (I8).
Operation fill_of(FileId file, std::uint64_t offset, const io::RegionRead& event);

}  // namespace lockstep::engine

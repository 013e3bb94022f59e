// What a primary has read of a file, as the operation that gives another node the same bytes.
#pragma once

#include "engine/values/file_piece.h"
#include "engine/values/operation.h"

namespace lockstep::engine {

/// To be ordered in the stream where it was read, so that nothing newer is ever overwritten (I8). `mtime_ns`: the
/// file's then.
Operation fill_of(FileId file, const FilePiece& piece, std::int64_t mtime_ns);

}  // namespace lockstep::engine

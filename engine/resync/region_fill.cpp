#include "engine/resync/region_fill.h"

namespace lockstep::engine {

Operation fill_of(FileId file, const FilePiece& piece, std::int64_t mtime_ns) {
  Operation operation{.kind = OperationKind::fill};
  operation.file = file;
  operation.offset = piece.offset;
  operation.attributes.mask = attribute_mtime;
  operation.attributes.mtime_ns = mtime_ns;
  if (piece.zero()) {
    operation.kind = OperationKind::allocate;
    operation.flags = flag_punch_hole | flag_keep_size;
    operation.length = piece.length;
  } else {
    operation.data = piece.data;
  }
  return operation;
}

}  // namespace lockstep::engine

#include "engine/resync/region_fill.h"

namespace lockstep::engine {

Operation fill_of(FileId file, std::uint64_t offset, const io::RegionRead& event) {
  Operation operation{.kind = OperationKind::fill};
  operation.file = file;
  operation.offset = offset;
  operation.attributes.mask = attribute_mtime;
  operation.attributes.mtime_ns = event.mtime_ns;
  if (event.data.all_zero()) {
    operation.kind = OperationKind::allocate;
    operation.flags = flag_punch_hole | flag_keep_size;
    operation.length = event.data.size();
  } else {
    operation.data = event.data;
  }
  return operation;
}

}  // namespace lockstep::engine

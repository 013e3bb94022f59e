#include "engine/resync/touch.h"

#include "engine/planted.h"

namespace lockstep::engine {

namespace {

/// A longer stretch is listed as "everything from there on".
constexpr std::uint64_t regions_at_once_max = 16;

class Touches {
 public:
  Touches(Period young_from, std::uint64_t region_bytes) : young_from_(young_from), region_bytes_(region_bytes) {}

  void add(const FileId& file, TouchKind kind, std::uint64_t offset = 0) {
    if (file == FileId::none() || is_young(file, young_from_)) return;
    list.push_back({file, kind, offset});
  }
  void contents(const FileId& file, std::uint64_t offset, std::uint64_t length) {
    if (length == 0) return add(file, TouchKind::attributes);
    const std::uint64_t last = length > UINT64_MAX - offset ? UINT64_MAX : offset + length - 1;
    if (last / region_bytes_ - offset / region_bytes_ >= regions_at_once_max) return onward(file, offset);
    for (std::uint64_t at = floor(offset); at <= last; at += region_bytes_) {
      add(file, TouchKind::region, at);
      if (planted(Bug::touch_of_first_region)) return;
    }
  }
  void onward(const FileId& file, std::uint64_t offset) { add(file, TouchKind::onward, floor(offset)); }

  std::vector<Touch> list;

 private:
  [[nodiscard]] std::uint64_t floor(std::uint64_t offset) const { return offset - offset % region_bytes_; }

  Period young_from_;
  std::uint64_t region_bytes_;
};

}  // namespace

std::vector<Touch> touches_of(const Operation& request, Period young_from, std::uint64_t region_bytes) {
  Touches touches(young_from, region_bytes);
  switch (request.kind) {
    case OperationKind::create:
    case OperationKind::link:
    case OperationKind::unlink: touches.add(request.parent, TouchKind::names); break;
    case OperationKind::rename:
      touches.add(request.parent, TouchKind::names);
      if (!planted(Bug::rename_touches_source_only)) touches.add(request.new_parent, TouchKind::names);
      break;
    case OperationKind::write: touches.contents(request.file, request.offset, request.data.size()); break;
    case OperationKind::allocate: touches.contents(request.file, request.offset, request.length); break;
    case OperationKind::set_attributes:
      // What a shorter file has lost reads as zeroes once it grows again.
      if ((request.attributes.mask & attribute_size) != 0 && !planted(Bug::truncation_touches_attributes)) {
        touches.onward(request.file, request.attributes.size_bytes);
      } else {
        touches.add(request.file, TouchKind::attributes);
      }
      break;
    case OperationKind::set_xattr:
    case OperationKind::remove_xattr: touches.add(request.file, TouchKind::attributes); break;
    case OperationKind::sync:
    case OperationKind::identify:
    case OperationKind::fill:
    case OperationKind::filled: break;
  }
  return std::move(touches.list);
}

}  // namespace lockstep::engine

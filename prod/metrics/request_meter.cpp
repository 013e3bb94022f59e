#include "prod/metrics/request_meter.h"

#include <utility>

namespace lockstep::prod {

namespace {
constexpr std::size_t slots_at_first = 256;
}  // namespace

RequestClass class_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::write:
    case OperationKind::allocate: return RequestClass::write;
    case OperationKind::sync: return RequestClass::fsync;
    default: return RequestClass::names;
  }
}

RequestMeter::RequestMeter() : slots_(slots_at_first) {}

void RequestMeter::arrived(RequestId request, OperationKind kind, Instant now) {
  while (slot_of(request.value).request != 0 && slots_.size() < slots_max) grow();
  slot_of(request.value) = {request.value, now, class_of(kind)};
}

void RequestMeter::answered(RequestId request, int error, std::uint64_t bytes, Instant now) {
  Slot& slot = slot_of(request.value);
  if (slot.request != request.value) return;
  slot.request = 0;
  Figures& figures = figures_[static_cast<std::size_t>(slot.kind)];
  if (error != 0) return figures.failures.add();
  figures.latency.record(now - slot.arrived);
  if (slot.kind == RequestClass::write) figures.bytes.add(bytes);
}

void RequestMeter::aborted() { slots_.assign(slots_at_first, {}); }

void RequestMeter::grow() {
  std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (const Slot& slot : before) {
    if (slot.request != 0) slot_of(slot.request) = slot;
  }
}

}  // namespace lockstep::prod

#include "sim/faults/disk_errors.h"

#include "sim/world/world.h"

#include <cstring>

namespace lockstep::sim {

namespace {

void refuse(Trouble& trouble, DiskCalls calls, Trouble::Refusal refusal) {
  if (calls == DiskCalls::requests || calls == DiskCalls::all) trouble.requests = refusal;
  if (calls == DiskCalls::stream || calls == DiskCalls::all) trouble.stream = refusal;
  if (calls == DiskCalls::reads || calls == DiskCalls::all) trouble.reads = refusal;
}

std::string_view words_of(DiskCalls calls) {
  constexpr std::string_view names[] = {"requests", "the stream's operations", "scans, digests and reads", "calls"};
  return names[static_cast<std::size_t>(calls)];
}

}  // namespace

void DiskErrors::happen(World& world) const {
  SimVolume& volume = world.node(node).volume();
  refuse(volume.trouble(), calls, {one_in, error});
  world.scheduler().at(world.now() + length, [&volume, calls = calls] { refuse(volume.trouble(), calls, {}); });
}

std::string DiskErrors::text() const {
  return std::string(to_string(node)) + "'s disk refuses one in " + std::to_string(one_in) + " of " +
         std::string(words_of(calls)) + " (" + std::strerror(error) + ") for " + in_ms(length);
}

}  // namespace lockstep::sim

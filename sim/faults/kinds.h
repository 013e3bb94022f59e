// The kinds of trouble that a run may have, and how often and how hard each of them strikes.
#pragma once

#include "sim/faults/fault.h"
#include "sim/faults/window.h"

#include <bitset>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep::sim {

struct Kind {
  std::string_view name;
  /// Runs of this profile always have the kind; those of "all" have it in `percent` of the cases.
  std::string_view profile;
  std::uint32_t percent;
  std::string_view range;  ///< in words
  std::vector<Fault> (*draw)(Random random, Window window);
};

std::span<const Kind> fault_kinds();

/// Which kinds a run has, by their place in fault_kinds().
using KindSet = std::bitset<64>;

/// Whether any kind has this profile, or it is "all" or "calm".
bool known_profile(std::string_view profile);
std::string profile_names();
KindSet draw_kinds(std::string_view profile, Random& random);

/// In order of time. Each kind draws from its own numbers: leaving one out changes nothing of the others.
std::vector<Fault> draw_faults(KindSet kinds, std::uint64_t seed, Window window);

}  // namespace lockstep::sim

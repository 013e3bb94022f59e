// Whether a module is protected, and since when things are as they are.
#pragma once

#include "engine/status.h"

#include <cstdint>
#include <optional>

namespace lockstep::prod {

/// Whether the loss of either server would lose nothing that was acknowledged, and end the service only for a moment.
inline bool is_protected(const engine::Condition& condition) {
  const bool takes_part = condition.role == engine::Role::prim || condition.role == engine::Role::second;
  return takes_part && condition.readiness == engine::Readiness::ready && condition.configuration.initialised() &&
         condition.configuration.members == Members::both();
}

/// By the wall clock, in milliseconds since 1970.
struct Standing {
  std::int64_t role_since_ms = 0;
  std::optional<std::int64_t> unprotected_since_ms;  ///< nothing while it is protected
};

}  // namespace lockstep::prod

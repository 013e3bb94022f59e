#include "engine/planted.h"

namespace lockstep::engine {

#ifdef LOCKSTEP_PLANTED_BUGS
namespace {
std::array<bool, static_cast<std::size_t>(Bug::count)> switched_on{};
}

bool planted(Bug bug) { return switched_on[static_cast<std::size_t>(bug)]; }

bool plant(std::string_view name) {
  for (const BugInfo& info : planted_bugs) {
    if (info.name != name) continue;
    switched_on[static_cast<std::size_t>(info.bug)] = true;
    return true;
  }
  return false;
}
#endif

}  // namespace lockstep::engine

// What is compared where not everything is.
#pragma once

#include "engine/resync/touch.h"

#include <vector>

namespace lockstep::engine {

struct ComparedPart {
  Period young_from = 0;
  std::vector<Touch> touches;  ///< of both nodes, once the manifest is there
};

}  // namespace lockstep::engine

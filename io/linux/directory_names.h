// The names in a directory.
#pragma once

#include "io/linux/object_descriptor.h"
#include "io/linux/object_outcome.h"

#include <string>
#include <vector>

namespace lockstep::linux_io {

/// Without "." and "..", in no order. `directory`: of any kind that names can be looked up in; its position stays.
Outcome<std::vector<std::string>> names_in(int directory);

}  // namespace lockstep::linux_io

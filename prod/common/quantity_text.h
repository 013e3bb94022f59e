// Sizes for people.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::prod {

/// "17 bytes", "1.2 MiB".
std::string size_text(std::uint64_t bytes);

}  // namespace lockstep::prod

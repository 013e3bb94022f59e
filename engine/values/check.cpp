#include "engine/values/check.h"

#include <cstdlib>
#include <utility>

namespace lockstep {

namespace {
CheckHandler installed = nullptr;
}

CheckHandler set_check_handler(CheckHandler handler) { return std::exchange(installed, handler); }

void check_failed(std::string_view condition, std::string_view meaning, std::string_view file, int line) {
  if (installed != nullptr) installed(condition, meaning, file, line);
  std::abort();
}

}  // namespace lockstep

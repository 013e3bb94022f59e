#include "prod/cli/terminal.h"

#include <array>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace lockstep::prod {

bool shows_colours() {
  const char* unwanted = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) != 0 && (unwanted == nullptr || *unwanted == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

std::string painted(const std::string& text, Verdict verdict, bool colours) {
  constexpr std::array<const char*, 3> codes = {"\033[1;32m", "\033[1;33m", "\033[1;31m"};
  return colours ? codes[static_cast<std::size_t>(verdict)] + text + "\033[0m" : text;
}

}  // namespace lockstep::prod

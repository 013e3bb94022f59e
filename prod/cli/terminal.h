// What the place where people read can do.
#pragma once

#include "prod/cli/headline.h"

#include <string>

namespace lockstep::prod {

/// Whether standard output is a terminal that shows colours, and nobody has asked for none (https://no-color.org).
bool shows_colours();

/// In bold and in the colour of the verdict, where `colours`.
std::string painted(const std::string& text, Verdict verdict, bool colours);

}  // namespace lockstep::prod

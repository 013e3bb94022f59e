// A recorded run as one self-contained page for a browser.
#pragma once

#include "sim/timeline/record.h"
#include "sim/world/world.h"

#include <string>
#include <string_view>

namespace lockstep::sim::timeline {

/// What the page says of the run as a whole.
struct Heading {
  std::string name;      ///< "seed 7"
  std::string scenario;  ///< in words
  std::string plants;    ///< the planted bugs, by name; empty: none
};

/// The data of the page as JSON that no HTML parser takes for markup. Times in microseconds.
std::string page_data(const Heading& heading, const Record& record, const RunResult& result);

std::string page(const Heading& heading, const Record& record, const RunResult& result);

// The parts of every page: the files page.html, page.css and page.js of this folder.
extern const std::string_view page_frame, page_style, page_script;

}  // namespace lockstep::sim::timeline

#include "sim/violation.h"

#include "engine/values/check.h"

#include <cctype>
#include <optional>

namespace lockstep::sim {

namespace {

std::optional<Violation> first;

std::string invariant_named_by(std::string_view meaning) {
  const std::size_t colon = meaning.find(':');
  if (colon == std::string_view::npos || colon < 2 || meaning[0] != 'I') return "CHECK";
  for (std::size_t i = 1; i < colon; ++i) {
    if (std::isdigit(static_cast<unsigned char>(meaning[i])) == 0) return "CHECK";
  }
  return std::string(meaning.substr(0, colon));
}

void throw_violation(std::string_view condition, std::string_view meaning, std::string_view file, int line) {
  throw Violation(invariant_named_by(meaning), std::string(meaning) + " [" + std::string(condition) + " at " +
                                                   std::string(file.substr(file.rfind('/') + 1)) + ":" +
                                                   std::to_string(line) + "]");
}

}  // namespace

Violation::Violation(std::string invariant, std::string text)
    : invariant_(std::move(invariant)), text_(std::move(text)) {
  if (!first) first = *this;
}

const Violation* first_violation() { return first ? &*first : nullptr; }
void forget_violations() { first.reset(); }

void install_check_handler() { set_check_handler(&throw_violation); }

}  // namespace lockstep::sim

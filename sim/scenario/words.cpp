#include "sim/scenario/words.h"

#include "sim/scenario/fields.h"
#include "sim/scenario/named/named.h"
#include "sim/scenario/time_text.h"

#include <type_traits>

namespace lockstep::sim {

namespace {

/// Lists fields as "name value, name value".
class Listing {
 public:
  std::string text;

  template <typename T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      add(name, std::string(name_of(value)));
    } else if constexpr (std::is_same_v<T, bool>) {
      add(name, value ? "yes" : "no");
    } else {
      add(name, std::to_string(value));
    }
  }
  void time(std::string_view name, Time value) { add(name, text_of(value)); }

 private:
  void add(std::string_view name, const std::string& value) {
    if (!text.empty()) text += ", ";
    for (const char c : name) text += c == '_' ? ' ' : c;
    text += " " + value;
  }
};

std::string turns_in_words(std::uint32_t first, std::uint32_t last) {
  if (first == last) return "turn " + std::to_string(first);
  const std::string from = std::to_string(first);
  return last == Turns::open_end ? "every turn from " + from + " on" : "turns " + from + " to " + std::to_string(last);
}

/// When each of the users asks for something.
std::string users_in_words(const Scenario& scenario) {
  std::string text;
  for (std::uint32_t user = 0; user < scenario.mix.requests_at_once; ++user) {
    std::string when;
    const auto asks = [&](std::uint32_t first, std::uint32_t last) {
      when += (when.empty() ? "user " + std::to_string(user) + " in " : ", ") + turns_in_words(first, last);
    };
    std::uint64_t next = 0;
    for (const Turns& gap : scenario.left_out) {
      if (gap.worker != user) continue;
      if (gap.first > next) asks(static_cast<std::uint32_t>(next), gap.first - 1);
      next = std::uint64_t{gap.last} + 1;
    }
    if (next < Turns::open_end) asks(static_cast<std::uint32_t>(next), Turns::open_end);
    if (!when.empty()) text += (text.empty() ? "" : "; ") + when;
  }
  return text.empty() ? "by nobody" : text;
}

}  // namespace

std::string in_words(const Scenario& scenario) {
  Listing mix;
  Mix::fields(scenario.mix, mix);
  std::string text = "  mix: " + mix.text + "\n";
  if (!scenario.left_out.empty()) text += "  operations only: " + users_in_words(scenario) + "\n";
  if (scenario.named != nullptr) {
    return text + "  scenario " + std::string(scenario.named->name) + ": " + std::string(scenario.named->title) + "\n";
  }
  if (scenario.faults.empty()) text += "  no faults\n";
  for (const Fault& fault : scenario.faults) {
    const std::string at = text_of(fault.at);
    text += "  at " + at + std::string(at.size() < 15 ? 15 - at.size() : 1, ' ') + fault.text() + "\n";
  }
  return text;
}

}  // namespace lockstep::sim

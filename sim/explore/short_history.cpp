#include "sim/explore/short_history.h"

#include "sim/explore/catalogue.h"

#include <algorithm>
#include <array>

namespace lockstep::sim {

namespace {

constexpr std::array<std::string_view, 3> durability_names{"commit", "replicated", "durable"};
constexpr std::array<std::string_view, 2> move_names{"swap", "rejoin"};
constexpr std::array<std::string_view, 2> pace_names{"in-turn", "at-once"};

template <typename Kind, std::size_t N>
std::optional<Kind> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Kind>(found - names.begin());
}

/// Takes what comes before `separator` off `text`, all of it if there is none.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace

std::optional<engine::Durability> durability_of(std::string_view name) {
  return named<engine::Durability>(durability_names, name);
}
std::optional<Move> move_of(std::string_view name) { return named<Move>(move_names, name); }
std::optional<Pace> pace_of(std::string_view name) { return named<Pace>(pace_names, name); }

std::string to_string(const ShortHistory& history) {
  std::string text(durability_names[static_cast<std::size_t>(history.durability)]);
  text += '/';
  text += move_names[static_cast<std::size_t>(history.move)];
  text += '/';
  text += pace_names[static_cast<std::size_t>(history.pace)];
  char separator = '/';
  for (const std::size_t request : history.requests) {
    text += separator;
    text += catalogue()[request].name;
    separator = '+';
  }
  return text;
}

std::optional<ShortHistory> parse_history(std::string_view text) {
  const auto durability = durability_of(take(text, '/'));
  const auto move = move_of(take(text, '/'));
  const auto pace = pace_of(take(text, '/'));
  if (!durability || !move || !pace || text.empty()) return std::nullopt;
  ShortHistory history{*durability, *move, *pace, {}};
  while (!text.empty()) {
    const std::string_view name = take(text, '+');
    const auto all = catalogue();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Request& request) { return request.name == name; });
    if (found == all.end()) return std::nullopt;
    history.requests.push_back(static_cast<std::size_t>(found - all.begin()));
  }
  return history;
}

std::vector<ShortHistory> histories(const Scope& scope) {
  std::vector<std::vector<std::size_t>> sequences{{}};
  for (std::size_t length = 0; length < scope.depth; ++length) {
    std::vector<std::vector<std::size_t>> longer;
    for (const auto& sequence : sequences) {
      for (std::size_t request = 0; request < catalogue().size(); ++request) {
        longer.push_back(sequence);
        longer.back().push_back(request);
      }
    }
    sequences = std::move(longer);
  }
  std::vector<ShortHistory> result;
  for (const engine::Durability durability : scope.durabilities) {
    for (const Move move : scope.moves) {
      for (const Pace pace : scope.paces) {
        for (const auto& sequence : sequences) result.push_back({durability, move, pace, sequence});
      }
    }
  }
  return result;
}

}  // namespace lockstep::sim

// One short history: what users ask for, one after another or at once, and the one change of roles that comes with it.
#pragma once

#include "engine/settings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

enum class Move : std::uint8_t {
  swap,    ///< the nodes are in sync; after the last answer, or with the requests under way, a swap is commanded
  rejoin,  ///< the second node is out; it comes back, and the last request, or all, come while it is brought up to date
};
enum class Pace : std::uint8_t {
  in_turn,  ///< each request when the one before it was answered
  at_once,  ///< all together, and with the change of roles
};

struct ShortHistory {
  engine::Durability durability = engine::Durability::replicated;
  Move move = Move::swap;
  Pace pace = Pace::in_turn;
  std::vector<std::size_t> requests;  ///< by their place in catalogue()
};

/// "replicated/swap/in-turn/create-file+rename"; parse_history() reads it.
std::string to_string(const ShortHistory& history);
std::optional<ShortHistory> parse_history(std::string_view text);

/// Which histories: every combination.
struct Scope {
  std::size_t depth = 1;  ///< requests
  std::vector<engine::Durability> durabilities;
  std::vector<Move> moves;
  std::vector<Pace> paces;
};
std::vector<ShortHistory> histories(const Scope& scope);

std::optional<engine::Durability> durability_of(std::string_view name);
std::optional<Move> move_of(std::string_view name);
std::optional<Pace> pace_of(std::string_view name);

}  // namespace lockstep::sim

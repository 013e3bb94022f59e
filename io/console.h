// Port: answers to administrators. The event that asks: CommandGiven.
#pragma once

#include "engine/values/strong.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep::io {

using CommandId = Strong<struct CommandTag, std::uint64_t>;

enum class Verb : std::uint8_t {
  start,      ///< leave STOP: take the best role that is possible
  stop,       ///< clean stop, as a decided leave
  restart,    ///< restart the application where it runs, role unchanged
  swap,       ///< exchange the roles of the two nodes
  prim,       ///< become the primary: the first start, or with `force` against the register's advice
  second,     ///< become a secondary (never the first to go); with `full` every byte is compared again
  wait_role,  ///< give up an application start in progress or a role and wait
  verify,     ///< compare both nodes' data; with `repair` bring what is known to differ to the primary's state; with
              ///< `cancel` end what is under way
};

constexpr std::string_view to_string(Verb verb) {
  constexpr std::string_view names[] = {"start", "stop", "restart", "swap", "prim", "second", "wait-role", "verify"};
  return names[static_cast<unsigned>(verb)];
}

struct Command {
  Verb verb{};
  bool force = false;
  bool full = false;
  bool repair = false;
  bool cancel = false;
};

class Console {
 public:
  virtual ~Console() = default;
  /// Answers a command, once. `accepted` says whether it is done or under way; `text` says what happens
  /// or why not and what to do.
  virtual void answer(CommandId command, bool accepted, std::string text) = 0;
};

}  // namespace lockstep::io

// What follows when a check of the application, or of its server, has failed.
#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

enum class CheckAction : std::uint8_t {
  report,    ///< nothing but saying so
  restart,   ///< of the application, here
  failover,  ///< to the other node, if that has everything; otherwise a restart here
  stop,      ///< of this node; the other one goes on, if it has everything
  wait,      ///< this node does not serve until the check passes again; the other one does, if it can
};

constexpr std::string_view to_string(CheckAction action) {
  constexpr std::string_view names[] = {"report", "restart", "failover", "stop", "wait"};
  return names[static_cast<unsigned>(action)];
}

}  // namespace lockstep

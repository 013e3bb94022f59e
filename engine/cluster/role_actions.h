// What the role machine asks of the rest of the engine.
#pragma once

#include <string_view>

namespace lockstep::engine::role {

/// What the machine asks of its surroundings. Called in a transition.
class Actions {
 public:
  virtual ~Actions() = default;
  virtual void start_service() = 0;  ///< take the lease, open the mount, start the application
  virtual void stop_service() = 0;   ///< stop the application in order, close the mount, hand over where possible
  virtual void abort_service() = 0;  ///< end the application and the mount at once: the lease is gone
  [[nodiscard]] virtual bool peer_in_sync() const = 0;
  [[nodiscard]] virtual bool wants_to_run() const = 0;
  virtual void unknown_transition(std::string_view state, std::string_view event) = 0;
};

}  // namespace lockstep::engine::role

// The role machine behind a plain class: its table is role_table.h.
#pragma once

#include <memory>
#include <string_view>

namespace lockstep::engine {

namespace role {
class Actions;
}

enum class RoleState : unsigned char { stopped, waiting, joining, secondary, promoting, alone, prim, demoting };
enum class RoleEvent : unsigned char {
  start_requested,
  stop_requested,
  resync_began,
  stream_resumed,
  stream_lost,
  admitted,
  elected,
  service_ready,
  service_failed,
  peer_admitted,
  peer_left,
  step_down,
  lease_lost,
  stepped_down
};

std::string_view to_string(RoleState state);
std::string_view to_string(RoleEvent event);

class RoleMachine {
 public:
  /// `actions` outlives the machine; its unknown_transition() is told of events without a row.
  explicit RoleMachine(role::Actions& actions);
  ~RoleMachine();

  /// Not to be called from within an action.
  void process(RoleEvent event);
  [[nodiscard]] RoleState state() const { return state_; }
  /// As if events had led to that state; no action is taken.
  void restore(RoleState state);

 private:
  class Backend;
  role::Actions& actions_;
  std::unique_ptr<Backend> backend_;
  RoleState state_;  ///< the backend's, which is asked at every event
};

}  // namespace lockstep::engine

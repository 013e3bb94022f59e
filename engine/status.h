// What one node can say of its module, for people and load balancers.
#pragma once

#include "engine/resync/progress.h"
#include "engine/values/check_action.h"
#include "engine/values/configuration.h"
#include "engine/values/mismatch.h"
#include "engine/values/strong.h"
#include "engine/values/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::engine {

enum class Role : std::uint8_t { stop, wait, alone, prim, second };
enum class Readiness : std::uint8_t { not_ready, transient, ready };

constexpr std::string_view to_string(Role role) {
  constexpr std::string_view names[] = {"STOP", "WAIT", "ALONE", "PRIM", "SECOND"};
  return names[static_cast<unsigned>(role)];
}
constexpr std::string_view to_string(Readiness readiness) {
  constexpr std::string_view names[] = {"not ready", "transient", "ready"};
  return names[static_cast<unsigned>(readiness)];
}

/// How far the comparison of both nodes' data is that this node makes, or has made last.
struct VerifyProgress {
  VerifyJob job = VerifyJob::none;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t regions_repaired = 0;
  bool complete = false;  ///< the last one looked at everything
  std::uint64_t mismatches = 0;
  std::optional<Duration> last_ended_ago;
};

enum class CheckState : std::uint8_t {
  idle,     ///< not wanted now: the application does not run here
  unknown,  ///< has not found anything yet, or nothing that counts
  passing,
  missing,  ///< has missed, but not so often that it has failed
  failed,
};

constexpr std::string_view to_string(CheckState state) {
  constexpr std::string_view names[] = {"idle", "unknown", "passing", "missing", "failed"};
  return names[static_cast<unsigned>(state)];
}

/// What one check has found.
struct CheckStatus {
  std::string name;
  CheckAction action = CheckAction::report;
  CheckState state = CheckState::idle;
  std::uint32_t misses = 0;  ///< in a row
  std::uint32_t misses_max = 0;
  std::string text;  ///< of the last look
};

/// How often failed checks have made the application start again within the window, and how often they may.
struct RestartsUsed {
  std::uint32_t used = 0;
  std::uint32_t max = 0;
};

/// What a node is at this instant.
struct Condition {
  Role role = Role::wait;
  Readiness readiness = Readiness::not_ready;
  std::string_view state;       ///< the role machine's state, as in its table
  Configuration configuration;  ///< the newest that this node knows to be decided
  bool in_sync = false;         ///< this node holds every acknowledged operation
  /// Nothing is lost here that was ever promised to be here: a process that ends now, without the machine losing
  /// power, leaves a tree that may take over.
  bool intact = false;
  bool peer_connected = false;
  bool witness_connected = false;
  bool has_third_vote = true;  ///< otherwise there is no witness to be connected
  Instant lease_until;         ///< of a primary, by this node's clock: nobody else serves before then
  bool frozen = false;         ///< primary, but without a majority: requests wait
  Lsn lsn;                     ///< last operation ordered or applied here
  Lsn peer_applied;  ///< of a primary with the other node in sync or returning: what that has applied of the stream
  std::uint64_t window_operations = 0;  ///< of a primary: kept until the other node needs them no more
  std::uint64_t window_bytes = 0;
  ResyncProgress resync;  ///< of the last resync in which this node was brought up to date, or the present one
  std::uint64_t peer_resync_bytes_left = 0;  ///< while the other node is being brought up to date
  std::uint64_t peer_resync_bytes_total = 0;
  std::uint64_t requests_waiting = 0;
  VerifyProgress verify;

  [[nodiscard]] bool serves() const {
    return (role == Role::alone || role == Role::prim) && readiness == Readiness::ready;
  }
};

/// The same for people.
struct Status : Condition {
  std::string reason;                     ///< why the role is what it is, in a sentence
  std::string next_step;                  ///< what an administrator can safely do, or empty
  std::vector<Mismatch> mismatches = {};  ///< known by this node as a primary, as far as they are listed one by one
  std::vector<CheckStatus> checks = {};   ///< as Settings::checks
  RestartsUsed restarts = {};
};

/// Whether a load balancer may send clients to a node that said `said` at `said_at`; `now` is by the same clock. Not
/// beyond the lease, since then another node may serve (F14), whatever this one believed. And not where the loop has
/// said nothing for half a `timeout`: it hangs, and loses its lease.
constexpr Duration health_age_max(Duration timeout) { return timeout / 2; }
inline bool healthy(const Condition& said, Instant said_at, Instant now, Duration timeout) {
  return said.serves() && now < said.lease_until && now - said_at <= health_age_max(timeout);
}

}  // namespace lockstep::engine

// One module on this server: its thread, its ports and its engine.
#pragma once

#include "engine/values/node_id.h"
#include "io/console.h"
#include "io/tls/context.h"
#include "prod/common/log.h"
#include "prod/config/configuration.h"
#include "prod/daemon/kept_service.h"
#include "prod/daemon/status_board.h"
#include "prod/events/event_log.h"
#include "prod/metrics/module_counters.h"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::io {
class SharedPorts;
}

namespace lockstep::prod {

/// Made, prepared, started, stopped and destroyed by the main thread; the rest is for any thread.
class ModuleHost {
 public:
  /// The ports, the log of events and the service manager outlive it. `kept`: of this module, by an earlier life of the
  /// daemon.
  ModuleHost(ClusterConfiguration cluster, ModuleConfiguration module, NodeId self, tls::Context tls,
             io::SharedPorts& ports, EventLog& events, ServiceManager& manager, KeptService kept);
  ~ModuleHost();
  ModuleHost(const ModuleHost&) = delete;
  ModuleHost& operator=(const ModuleHost&) = delete;

  /// The modules of this daemon, for checks that look at other ones. Before start(); they outlive start() to
  /// shut_down().
  void know(std::vector<ModuleHost*> modules) { modules_ = std::move(modules); }

  /// Everything that can fail: locks the journal, takes up the application that an earlier life of the daemon has left
  /// running or ends it, closes the directory, listens. A failure is a sentence with a remedy, and has changed nothing.
  std::string prepare();
  /// The engine boots, on the module's own thread.
  void start();

  /// `answered` comes once, on the module's thread.
  void command(const io::Command& command, std::function<void(bool accepted, std::string text)> answered);

  /// What was set aside: where it lies, and what lies beside it, as paths that root can open.
  struct ConflictPlaces {
    std::string store;
    std::string directory;  ///< the raw one
  };
  [[nodiscard]] ConflictPlaces conflict_places() const;
  /// Gives up what is kept under `key`, or all of it; `done` comes once, on another thread, with how many there were.
  void drop_conflicts(bool all, const std::string& key, std::function<void(std::size_t)> done);

  /// The application's phases, from the next one on. After start().
  void set_commands(const std::array<std::string, 5>& commands);

  /// Undoes prepare(), if it was done: something else failed.
  void abandon();

  /// Asks the engine to stop and waits until it has; false if it has not by the deadline.
  bool stop_cleanly(std::chrono::steady_clock::time_point deadline);
  /// Ends the thread. With `release` the directory is opened to all again (after a clean stop), otherwise it stays
  /// closed until a daemon runs again, and what is left of the application is ended. An error as text, or empty.
  std::string shut_down(bool release);

  /// As it was when the daemon began; what was changed live since is known where it is used.
  [[nodiscard]] const ModuleConfiguration& configuration() const { return module_; }
  [[nodiscard]] const StatusBoard& board() const { return board_; }
  [[nodiscard]] const LogTail& log_tail() const { return *tail_; }
  [[nodiscard]] const ModuleCounters& counters() const { return counters_; }
  /// For the module's timeline.
  void note(ModuleEvent event) { events_.tell(module_.name, std::move(event)); }

 private:
  class Running;
  const ClusterConfiguration cluster_;
  const ModuleConfiguration module_;
  const NodeId self_;
  const tls::Context tls_;
  io::SharedPorts& ports_;
  const std::shared_ptr<LogTail> tail_;
  const std::shared_ptr<LogContext> log_context_;
  const io::Report report_;
  EventLog& events_;
  ServiceManager& manager_;
  KeptService kept_;  ///< until it is prepared
  StatusBoard board_;
  ModuleCounters counters_;
  std::vector<ModuleHost*> modules_;
  std::unique_ptr<Running> running_;
};

}  // namespace lockstep::prod

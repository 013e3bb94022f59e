// The application with its mount: brought up and taken down in the right order, whatever fails on the way.
#pragma once

#include "engine/context.h"

#include <string>

namespace lockstep::engine {

class Service {
 public:
  explicit Service(Context& context) : context_(context) {}

  enum class Outcome {
    none,
    mounted,  ///< requests may come from now on
    ready,    ///< the application runs
    failed,   ///< it could not be started; error() says why; stop() or abort() is still owed
    gone,     ///< nothing runs, the mount is closed
  };

  /// Open the mount, then prestart and start.
  void start();
  /// Stop (once more with force, if that does not end in time), poststop, kill what is left, close the mount. What has
  /// not been started is not stopped.
  void stop();
  /// Kill and close at once.
  void abort();
  /// Stop, as above, poststop, kill what is left, and start the application; the mount stays.
  void restart();
  /// Make sure that nothing is left of an earlier life of this program; ends with `gone`. `mounted`: its mount is left.
  void clean_up(bool mounted);
  /// What an earlier life of this program has left waits, application and callers, until start() takes it up as it is
  /// (no phase runs then), or stop() or abort() ends it.
  void hold();

  Outcome mount_opened(const io::MountOpened& event);
  Outcome mount_closed();
  Outcome phase_ended(const io::PhaseEnded& event);
  Outcome timer_fired();

  [[nodiscard]] bool running() const { return stage_ == Stage::running; }
  [[nodiscard]] bool idle() const { return stage_ == Stage::idle; }
  [[nodiscard]] bool held() const { return stage_ == Stage::held; }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive.ranged(self.stage_, Stage::begin_again);
    archive(self.start_attempted_, self.takes_up_, self.phase_, self.killed_, self.closed_);
    archive.spoken(self.error_);
  }

 private:
  enum class Stage {
    idle,
    opening,
    prestart,
    start,
    running,
    failing,  ///< a phase has used up its time and is being killed
    failed,
    stop,
    force_stop,
    poststop,
    kill,
    closing,
    aborting,  ///< kill and close under way together
    restart_stop,
    restart_force_stop,
    restart_poststop,
    restart_kill,
    held,
    begin_again,  ///< what was held cannot be taken up: it is killed, and the service starts like any other
  };

  void run(Stage stage, io::Phase phase);
  [[nodiscard]] Duration time_of(io::Phase phase) const;
  void kill_then_close();
  Outcome fail(std::string error);
  void kill_then_fail(std::string error);
  Outcome abort_progress();

  Context& context_;
  Stage stage_ = Stage::idle;
  bool start_attempted_ = false;
  bool takes_up_ = false;  ///< what is being opened is what was held
  Ticket phase_;
  bool killed_ = false;
  bool closed_ = true;
  std::string error_;
};

}  // namespace lockstep::engine

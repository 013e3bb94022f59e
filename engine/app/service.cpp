#include "engine/app/service.h"

namespace lockstep::engine {

void Service::run(Stage stage, io::Phase phase) {
  stage_ = stage;
  phase_ = context_.next_ticket();
  context_.ports.application.run(phase_, phase);
  if (phase == io::Phase::kill) {
    context_.ports.timers.cancel(io::TimerId::application);
  } else {
    context_.ports.timers.arm(io::TimerId::application, context_.now + context_.settings.phase_timeout);
  }
}

void Service::start() {
  error_.clear();
  start_attempted_ = false;
  stage_ = Stage::opening;
  closed_ = false;
  context_.ports.mount.open();
}

void Service::stop() {
  switch (stage_) {
    case Stage::running: run(Stage::stop, io::Phase::stop); break;
    case Stage::failed:
      // What has not been started is not stopped.
      if (start_attempted_) {
        run(Stage::stop, io::Phase::stop);
      } else {
        kill_then_close();
      }
      break;
    case Stage::opening:
    case Stage::prestart:
    case Stage::start:
    case Stage::failing:
    case Stage::restart_stop:
    case Stage::restart_poststop: kill_then_close(); break;  // a phase is running: it is ended, not waited for
    default: break;                                          // already on the way down
  }
}

void Service::restart() {
  if (stage_ == Stage::running) run(Stage::restart_stop, io::Phase::stop);
}

void Service::kill_then_close() { run(Stage::kill, io::Phase::kill); }

void Service::abort() {
  if (stage_ == Stage::idle || stage_ == Stage::aborting) return;
  const bool closing = stage_ == Stage::closing;
  // A process that waits in the mount dies only once the mount lets go of it: both at once.
  killed_ = false;
  run(Stage::aborting, io::Phase::kill);
  if (!closing && !closed_) context_.ports.mount.close();
}

void Service::clean_up() {
  closed_ = true;
  killed_ = false;
  run(Stage::aborting, io::Phase::kill);
}

Service::Outcome Service::fail(std::string error) {
  error_ = std::move(error);
  stage_ = Stage::failed;
  context_.ports.timers.cancel(io::TimerId::application);
  return Outcome::failed;
}

void Service::kill_then_fail(std::string error) {
  error_ = std::move(error);
  run(Stage::failing, io::Phase::kill);
}

Service::Outcome Service::mount_opened(const io::MountOpened& event) {
  if (stage_ != Stage::opening) return Outcome::none;
  if (!event.error_text.empty()) return fail("the directory could not be mounted: " + event.error_text);
  run(Stage::prestart, io::Phase::prestart);
  return Outcome::mounted;
}

Service::Outcome Service::mount_closed() {
  closed_ = true;
  if (stage_ == Stage::aborting) return abort_progress();
  if (stage_ != Stage::closing) return Outcome::none;
  stage_ = Stage::idle;
  context_.ports.trace.record(io::ApplicationStopped{});
  return Outcome::gone;
}

Service::Outcome Service::abort_progress() {
  if (!killed_ || !closed_) return Outcome::none;
  stage_ = Stage::idle;
  context_.ports.trace.record(io::ApplicationStopped{});
  return Outcome::gone;
}

Service::Outcome Service::phase_ended(const io::PhaseEnded& event) {
  if (event.ticket != phase_) return Outcome::none;
  const std::string why = event.text.empty() ? "" : ": " + event.text;
  switch (stage_) {
    case Stage::prestart:
      if (!event.succeeded) return fail("prestart failed" + why);
      start_attempted_ = true;
      run(Stage::start, io::Phase::start);
      return Outcome::none;
    case Stage::start:
      if (!event.succeeded) return fail("start failed" + why);
      context_.ports.timers.cancel(io::TimerId::application);
      stage_ = Stage::running;
      return Outcome::ready;
    case Stage::failing: stage_ = Stage::failed; return Outcome::failed;
    case Stage::stop: run(Stage::poststop, io::Phase::poststop); return Outcome::none;
    case Stage::poststop: kill_then_close(); return Outcome::none;
    case Stage::kill:
      stage_ = Stage::closing;
      context_.ports.mount.close();
      return Outcome::none;
    case Stage::aborting: killed_ = true; return abort_progress();
    case Stage::restart_stop: run(Stage::restart_poststop, io::Phase::poststop); return Outcome::none;
    case Stage::restart_poststop: run(Stage::prestart, io::Phase::prestart); return Outcome::none;
    default: return Outcome::none;
  }
}

Service::Outcome Service::timer_fired() {
  switch (stage_) {
    case Stage::prestart: kill_then_fail("prestart did not end in time"); return Outcome::none;
    case Stage::start: kill_then_fail("start did not end in time"); return Outcome::none;
    case Stage::stop:
    case Stage::poststop: kill_then_close(); return Outcome::none;  // it had its time
    case Stage::restart_stop:
    case Stage::restart_poststop:
      kill_then_fail("the application did not stop in time for its restart");
      return Outcome::none;
    default: return Outcome::none;
  }
}

}  // namespace lockstep::engine

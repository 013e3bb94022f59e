#include "engine/app/service.h"

#include "engine/planted.h"

namespace lockstep::engine {

void Service::run(Stage stage, io::Phase phase) {
  stage_ = stage;
  phase_ = context_.next_ticket();
  context_.ports.application.run(phase_, phase);
  if (phase == io::Phase::kill) {
    context_.ports.timers.cancel(io::TimerId::application);
  } else {
    context_.ports.timers.arm(io::TimerId::application, context_.now + time_of(phase));
  }
}

Duration Service::time_of(io::Phase phase) const {
  if (phase == io::Phase::stop) return context_.settings.stop_timeout;
  if (phase == io::Phase::force_stop) return context_.settings.force_stop_timeout;
  return context_.settings.phase_timeout;
}

void Service::start() {
  error_.clear();
  takes_up_ = held();
  start_attempted_ = takes_up_;
  stage_ = Stage::opening;
  closed_ = false;
  context_.ports.mount.open();
}

void Service::stop() {
  switch (stage_) {
    case Stage::running:
      context_.mark(Mark::service_stops_running);
      run(Stage::stop, io::Phase::stop);
      break;
    case Stage::failed:
      // What has not been started is not stopped.
      if (start_attempted_) {
        context_.mark(Mark::service_stops_failed);
        run(Stage::stop, io::Phase::stop);
      } else {
        context_.mark(Mark::service_never_started);
        kill_then_close();
      }
      break;
    case Stage::held: return abort();  // it waits in the mount, and could not end by itself
    case Stage::begin_again:
    case Stage::opening:
    case Stage::prestart:
    case Stage::start:
    case Stage::failing:
    case Stage::restart_stop:
    case Stage::restart_force_stop:
    case Stage::restart_poststop:
    case Stage::restart_kill:  // a phase is running: it is ended, not waited for
      context_.mark(Mark::service_stops_phase);
      kill_then_close();
      break;
    default: context_.mark(Mark::service_stops_already); break;
  }
}

void Service::restart() {
  if (stage_ != Stage::running) return;
  context_.mark(Mark::service_restarts);
  run(Stage::restart_stop, io::Phase::stop);
}

void Service::kill_then_close() { run(Stage::kill, io::Phase::kill); }

void Service::abort() {
  if (stage_ == Stage::idle || stage_ == Stage::aborting) {
    context_.mark(Mark::service_abort_not_needed);
    return;
  }
  const bool closing = stage_ == Stage::closing;
  context_.mark(closing ? Mark::service_aborts_closing : Mark::service_aborts);
  // A process that waits in the mount dies only once the mount lets go of it: both at once.
  killed_ = planted(Bug::abort_leaves_application);
  if (killed_) {
    stage_ = Stage::aborting;
  } else {
    run(Stage::aborting, io::Phase::kill);
  }
  if (!closing && !closed_) context_.ports.mount.close();
}

void Service::clean_up(bool mounted) {
  closed_ = !mounted;
  killed_ = false;
  run(Stage::aborting, io::Phase::kill);
  if (mounted) context_.ports.mount.close();
}

void Service::hold() {
  closed_ = false;
  stage_ = Stage::held;
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
  if (stage_ != Stage::opening) {
    context_.mark(Mark::mount_opened_too_late);
    return Outcome::none;
  }
  if (!event.error_text.empty() && takes_up_) {
    context_.mark(Mark::held_mount_failed);
    context_.note("the mount of before cannot be taken up (" + event.error_text + "): the application starts anew");
    run(Stage::begin_again, io::Phase::kill);
    return Outcome::none;
  }
  if (!event.error_text.empty()) {
    context_.mark(Mark::mount_failed);
    return fail("the directory could not be mounted: " + event.error_text);
  }
  if (takes_up_) {
    context_.mark(Mark::held_service_goes_on);
    stage_ = Stage::running;
    return Outcome::ready;
  }
  run(Stage::prestart, io::Phase::prestart);
  return Outcome::mounted;
}

Service::Outcome Service::mount_closed() {
  closed_ = true;
  if (stage_ == Stage::aborting) return abort_progress();
  if (stage_ != Stage::closing) return Outcome::none;
  context_.mark(Mark::service_gone_in_order);
  stage_ = Stage::idle;
  context_.ports.trace.record(io::ApplicationStopped{});
  return Outcome::gone;
}

Service::Outcome Service::abort_progress() {
  if (!killed_ || !closed_) {
    context_.mark(killed_ ? Mark::abort_waits_for_mount : Mark::abort_waits_for_processes);
    return Outcome::none;
  }
  stage_ = Stage::idle;
  context_.ports.trace.record(io::ApplicationStopped{});
  return Outcome::gone;
}

Service::Outcome Service::phase_ended(const io::PhaseEnded& event) {
  if (event.ticket != phase_) {
    context_.mark(Mark::phase_of_earlier_run);
    return Outcome::none;
  }
  const std::string why = event.text.empty() ? "" : ": " + event.text;
  switch (stage_) {
    case Stage::prestart:
      if (!event.succeeded) {
        context_.mark(Mark::prestart_failed);
        return fail("prestart failed" + why);
      }
      start_attempted_ = true;
      run(Stage::start, io::Phase::start);
      return Outcome::none;
    case Stage::start:
      if (!event.succeeded) {
        context_.mark(Mark::start_failed);
        return fail("start failed" + why);
      }
      context_.ports.timers.cancel(io::TimerId::application);
      stage_ = Stage::running;
      return Outcome::ready;
    case Stage::failing: stage_ = Stage::failed; return Outcome::failed;
    case Stage::stop:
      context_.mark(event.succeeded ? Mark::stop_ended : Mark::stop_failed);
      run(Stage::poststop, io::Phase::poststop);
      return Outcome::none;
    case Stage::force_stop:
      context_.mark(Mark::force_stop_ended);
      run(Stage::poststop, io::Phase::poststop);
      return Outcome::none;
    case Stage::poststop: kill_then_close(); return Outcome::none;
    case Stage::kill:
      stage_ = Stage::closing;
      context_.ports.mount.close();
      return Outcome::none;
    case Stage::aborting: killed_ = true; return abort_progress();
    case Stage::begin_again: start(); return Outcome::none;
    case Stage::restart_stop:
    case Stage::restart_force_stop: run(Stage::restart_poststop, io::Phase::poststop); return Outcome::none;
    // Whatever the scripts say: what is left of the old one would run beside the new one.
    case Stage::restart_poststop: run(Stage::restart_kill, io::Phase::kill); return Outcome::none;
    case Stage::restart_kill:
      context_.mark(Mark::restart_begins_again);
      run(Stage::prestart, io::Phase::prestart);
      return Outcome::none;
    default: return Outcome::none;
  }
}

Service::Outcome Service::timer_fired() {
  if (planted(Bug::phase_timeout_ignored)) return Outcome::none;
  switch (stage_) {
    case Stage::prestart:
      context_.mark(Mark::prestart_timed_out);
      kill_then_fail("prestart did not end in time");
      return Outcome::none;
    case Stage::start:
      context_.mark(Mark::start_timed_out);
      kill_then_fail("start did not end in time");
      return Outcome::none;
    case Stage::stop:
      context_.mark(Mark::stop_timed_out);
      context_.note("stop did not end in time: once more, with force");
      run(Stage::force_stop, io::Phase::force_stop);
      return Outcome::none;
    case Stage::force_stop:
    case Stage::poststop:  // it had its time
      context_.mark(stage_ == Stage::force_stop ? Mark::force_stop_timed_out : Mark::poststop_timed_out);
      kill_then_close();
      return Outcome::none;
    case Stage::restart_stop:
      context_.mark(Mark::restart_stop_timed_out);
      context_.note("stop did not end in time for the restart: once more, with force");
      run(Stage::restart_force_stop, io::Phase::force_stop);
      return Outcome::none;
    case Stage::restart_force_stop:
    case Stage::restart_poststop:
      context_.mark(stage_ == Stage::restart_force_stop ? Mark::restart_force_stop_timed_out
                                                        : Mark::restart_poststop_timed_out);
      run(Stage::restart_kill, io::Phase::kill);
      return Outcome::none;
    default: return Outcome::none;
  }
}

}  // namespace lockstep::engine

// A start that was asked of another program, such as systemd: it may do it after whoever asked was killed.
#pragma once

#include "io/report.h"

#include <chrono>
#include <string>

namespace lockstep::io {

/// How long a program that does not answer is asked to take a start back.
inline constexpr std::chrono::seconds take_back_time_max{5};

/// From the beginning of a start until the application has ended, a small file in the runtime directory has the command
/// that takes the start back: whoever ends what a daemon has left behind is told so the way it was started, whatever
/// the configuration says by then. Thread-safe as far as the caller keeps its calls apart.
class AskedStart {
 public:
  /// `path` e.g. /run/lockstep/data.asked, `command` for /bin/sh -c; either may be empty: nothing is ever asked.
  AskedStart(std::string path, std::string command);

  /// Before the start. An error as text, or empty.
  [[nodiscard]] std::string note() const;
  /// The application has ended, or was taken back.
  void forget() const;
  [[nodiscard]] bool noted() const;
  /// Has the command of the note run, if there is one of this boot, for at most take_back_time_max. False if it has not
  /// succeeded; the note stays. Without LOCKSTEP_COOKIE, so that it does not count as the application.
  [[nodiscard]] bool take_back(const Report& report) const;

 private:
  [[nodiscard]] std::string noted_command() const;

  std::string path_;
  std::string command_;
};

}  // namespace lockstep::io

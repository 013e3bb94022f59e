// Whether the application that a daemon has started still runs, for the daemon that comes after it.
#pragma once

#include "io/linux/application_processes.h"

#include <optional>
#include <string>

namespace lockstep::io {

/// A small file in the runtime directory, which a reboot empties. It is there from the end of a start that has
/// succeeded until the application is told anything else, and counts only for the same boot, module, directory, runner
/// and addresses. Thread-safe as far as the caller keeps its calls apart.
class ApplicationNote {
 public:
  /// What must be the same for a later daemon to go on with the application.
  struct Terms {
    std::string cookie;
    std::string directory;
    std::string addresses;
    std::string runner = {};  ///< empty: Lockstep itself
  };

  /// `path` e.g. /run/lockstep/data.application; empty: there is never a note.
  ApplicationNote(std::string path, const Terms& terms);

  /// An error as text, or empty; without a note the next daemon ends the application, no worse.
  [[nodiscard]] std::string write(const EarlierProcesses& processes) const;
  void remove() const;
  /// The addresses of the application that is noted, as Terms has them, which may be others than its own; empty if
  /// there is no note of the same boot.
  [[nodiscard]] std::string noted_addresses() const;
  /// What was written, by whichever daemon, if it counts.
  [[nodiscard]] std::optional<EarlierProcesses> read() const;
  /// What was written, whatever the other terms, if it is of the same boot and cookie: for who ends the application.
  [[nodiscard]] EarlierProcesses processes() const;

 private:
  static std::optional<EarlierProcesses> parse(const std::string& text);

  std::string path_;
  std::string owner_;    ///< what the file begins with, if it is of this boot and cookie
  std::string heading_;  ///< and if the other terms are the same; empty: nothing can be said
};

}  // namespace lockstep::io

// Takes a changed configuration while the daemon runs: all of it, or nothing.
#pragma once

#include "io/report.h"
#include "prod/common/control_protocol.h"
#include "prod/config/configuration.h"
#include "prod/events/module_event.h"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

/// Used from any thread, by one at a time: the others wait.
class Reloader {
 public:
  struct Effects {
    /// Makes the live keys count (key_policy.h). Must not block. If it throws, nothing counts.
    std::function<void(const ConfigurationFiles& files)> apply;
    /// For the timelines.
    std::function<void(const ModuleEvent& event)> note;
    io::Report report;
  };

  /// `running`: what the daemon began with.
  Reloader(std::string directory, ConfigurationTexts running, Effects effects);

  /// Reads the directory anew. The answer, which is logged too, names every key that counts from now on; or, where
  /// nothing was applied, every mistake or every key that takes a restart. `asked_by`: who wants it.
  ControlAnswer reload(const std::string& asked_by);

  /// The files that the daemon goes by.
  [[nodiscard]] ConfigurationTexts running() const;

 private:
  /// `answered`: for who asked; `told`: the same for everybody else.
  ControlAnswer refuse(const std::string& by, const std::string& why, const std::vector<std::string>& answered,
                       const std::vector<std::string>& told) const;
  void tell(std::string_view name, const std::string& text, const std::string& by,
            const std::vector<std::string>& lines) const;

  const std::string directory_;
  const Effects effects_;
  std::mutex order_;  ///< held by the one reload that goes on
  mutable std::mutex running_mutex_;
  ConfigurationTexts running_;
};

}  // namespace lockstep::prod

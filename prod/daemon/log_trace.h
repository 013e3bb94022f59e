// What the engine decides, as lines in the log.
#pragma once

#include "io/report.h"
#include "io/trace.h"

#include <functional>
#include <string>

namespace lockstep::prod {

class LogTrace final : public io::Trace {
 public:
  /// `state_changed` is called for everything after which the engine's status reads differently.
  LogTrace(io::Report report, std::function<void()> state_changed);

  void record(const io::TraceEvent& event) override;

 private:
  void tell(io::Severity severity, const std::string& text);
  void changed(io::Severity severity, const std::string& text);

  io::Report report_;
  std::function<void()> state_changed_;
};

}  // namespace lockstep::prod

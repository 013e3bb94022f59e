// io::Checks on Linux: a probe for each check, by its kind.
#pragma once

#include "io/checks.h"
#include "io/linux/probe.h"

#include <memory>
#include <vector>

namespace lockstep::io {

class EventQueue;

struct LinuxChecksOptions {
  std::vector<CheckKind> kinds;    ///< as Settings::checks
  std::vector<std::string> names;  ///< theirs; scripts see them as LOCKSTEP_CHECK
  ProbeSurroundings surroundings;
};

/// Loop and queue outlive it; used on the loop's thread.
class LinuxChecks final : public Checks {
 public:
  LinuxChecks(EventLoop& loop, EventQueue& queue, const LinuxChecksOptions& options);
  ~LinuxChecks() override;

  void begin(std::size_t check) override;
  void run(Ticket ticket, std::size_t check) override;
  void end(std::size_t check) override;

 private:
  EventQueue& queue_;
  std::vector<std::unique_ptr<Probe>> probes_;
  const std::shared_ptr<int> alive_;  ///< as long as this object
};

}  // namespace lockstep::io

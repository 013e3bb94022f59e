// Writes a run down as readable lines: time, place, what happened.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/observer.h"

#include <ostream>

namespace lockstep::sim {

class EventLog : public Observer {
 public:
  EventLog(const Scheduler& scheduler, std::ostream& out) : scheduler_(scheduler), out_(out) {}

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void replied(NodeId node, RequestId request, const io::Reply& reply) override;
  void faulted(const Fault& fault) override;
  void directed(const std::string& text) override;
  void healed() override;
  void stopped(Place place, bool power_lost) override;
  void at_rest() override;

 private:
  void line(std::string_view place, std::string_view mark, const std::string& text);

  const Scheduler& scheduler_;
  std::ostream& out_;
};

}  // namespace lockstep::sim

// When the service was there for its users, and what the time was spent on when it was not.
//
// It is there while some node serves (its application is started, its mount is open) and answers: a request that waits
// for stall_min or longer makes its node count as down from its arrival to its answer, and one that the node's disk
// refuses makes it count as down until another one succeeds. Requests come some 20 to 40
// times a second, so an outage is known to about 0.2 s.
//
// Does not judge anything: the checkers do.
#pragma once

#include "sim/availability/intervals.h"
#include "sim/world/world.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace lockstep::sim {

/// What one outage consisted of, in this order.
struct DowntimeParts {
  Time stopping = 0;   ///< the application was stopped on command
  Time no_server = 0;  ///< neither node had a running process
  Time electing = 0;   ///< until a node was elected to serve
  Time mounting = 0;   ///< until the directory was mounted there
  Time starting = 0;   ///< until the application was started there
  Time waiting = 0;    ///< the serving node did not answer, and went on without an election
  Time refusing = 0;   ///< the serving node answered with errors of its disk
};

struct Downtime {
  Interval span;
  DowntimeParts parts;
  bool ended = true;   ///< or the measurement ended before it
  std::string causes;  ///< the faults in whose shadow it began
};

/// "2.3 s until a server was elected (timeout is 2 s), 0.1 s starting the application"
std::string describe(const DowntimeParts& parts, const engine::Settings& settings);

class Availability : public Observer {
 public:
  static constexpr Time stall_min = 250 * one_ms;

  explicit Availability(World& world)
      : world_(world), shadow_(2 * world.node(NodeId::first).settings().timeout.ns + one_second) {}

  /// What is measured: from now on, until end().
  void begin() {
    if (begin_ < 0) begin_ = world_.now();
  }
  void end();
  /// Whether some node serves now.
  [[nodiscard]] bool served() const;
  /// After end(), in order of time.
  [[nodiscard]] std::vector<Downtime> downtimes() const;

  void traced(Place by, const io::TraceEvent& event) override;
  void requested(NodeId node, RequestId request) override;
  void replied(NodeId node, RequestId request, const io::Reply& reply) override;
  void aborted(NodeId node, RequestId request) override;
  void started(Place place) override;
  void stopped(Place place, bool power_lost) override;
  /// A downtime is put down to all that struck within two timeouts and a second before it. Runs that do not say where
  /// they begin are measured from their first fault on.
  void faulted(const Fault& fault) override;
  void healed() override { end(); }

 private:
  /// Something that is so from time to time.
  class Phase {
   public:
    void set(bool holds, Time now);
    [[nodiscard]] bool holds() const { return since_ >= 0; }
    [[nodiscard]] std::vector<Interval> until(Time end) const;

   private:
    Time since_ = -1;
    std::vector<Interval> past_;
  };
  enum class Step : std::uint8_t { demoting, stopped, elected, mounted };
  struct Milestone {
    Time at;
    Step step;
  };
  struct Watched {
    Phase serves;
    Phase runs;
    Phase refuses;
    std::map<RequestId, Time> waiting;
    std::vector<Interval> stalled;
  };

  struct Struck {
    Time at;
    std::string what;
  };

  [[nodiscard]] std::string causes_of(Interval span) const;
  void answered(NodeId node, RequestId request);
  [[nodiscard]] Time last(Step step, Interval span) const;
  /// How much of the span neither node was in this phase.
  [[nodiscard]] Time time_without(Phase Watched::*phase, Interval span) const;
  [[nodiscard]] DowntimeParts parts_of(Interval span) const;

  World& world_;  ///< gone when the run is over; downtimes() does without it
  const Time shadow_;
  Time begin_ = -1;
  Time end_ = -1;
  std::array<Watched, 2> watched_;
  std::vector<Milestone> milestones_;
  std::vector<Struck> struck_;
};

}  // namespace lockstep::sim

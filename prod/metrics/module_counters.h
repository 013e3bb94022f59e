// What is counted of one module while it runs, beside its engine.
#pragma once

#include "io/events.h"
#include "io/trace.h"
#include "prod/daemon/flight_recorder.h"
#include "prod/metrics/counter.h"
#include "prod/metrics/replication_lag.h"
#include "prod/metrics/request_meter.h"

#include <array>

namespace lockstep::prod {

/// Told by the module's thread, read by any.
class ModuleCounters {
 public:
  /// By io::Endpoint: the other node, the witness.
  struct Connection {
    Counter sent_bytes;  ///< of messages, without what TCP and TLS add
    Counter received_bytes;
    Counter established;
  };

  /// The flight recorder's.
  struct Recorder {
    Counter written_bytes;
    Counter segments;
    Counter failures;
    Counter recording;  ///< 0: the disk failed or did not keep up, and events are left out at present
  };

  RequestMeter requests;
  ReplicationLag lag;
  std::array<Connection, 2> connections;
  Recorder recorder;
  Counter acknowledged_lsn;
  Counter role_changes;
  Counter application_starts;
  Counter application_failures;
  Counter applications_taken_up;  ///< that an earlier life of the daemon has started
  Counter commands;
  Counter resyncs_begun;
  Counter resyncs_ended;
  Counter resync_copied_bytes;
  Counter verifies;
  Counter verifies_incomplete;

  void record(const io::TraceEvent& event);
  void step(const io::Event& event, Instant now);
  void observe(const FlightRecorder::Figures& figures);
};

}  // namespace lockstep::prod

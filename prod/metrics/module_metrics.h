// One module's figures on a metrics page.
#pragma once

#include "prod/daemon/status_board.h"
#include "prod/metrics/metric_page.h"
#include "prod/metrics/module_counters.h"

#include <memory>
#include <string>

namespace lockstep::prod {

/// What there is to know of a module at one moment.
struct ObservedModule {
  std::string name;
  std::shared_ptr<const PublishedStatus> published;  ///< empty: it is starting
  bool serves = false;                               ///< as load balancers are told
  Instant now;
};

void add_module_metrics(MetricPage& page, const ObservedModule& module, const ModuleCounters& counters);

}  // namespace lockstep::prod

// The figures of this process, by the names that every Prometheus client uses, and what program it is.
#pragma once

#include "prod/metrics/metric_page.h"

namespace lockstep::prod {

/// Reads /proc. `program`: "lockstepd". What cannot be read is left out.
void add_process_metrics(MetricPage& page, const std::string& program, const std::string& version);

}  // namespace lockstep::prod

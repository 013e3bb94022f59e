#include "prod/daemon/load_json.h"

#include "engine/values/time.h"

#include <boost/json/array.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

json::object class_json(const RequestMeter::Figures& figures) {
  const LatencySnapshot latency = figures.latency.snapshot();
  return {{"acknowledged", latency.count()},
          {"failed", figures.failures.value()},
          {"seconds", static_cast<double>(latency.sum_ns) / ns_per_second},
          {"latency", json::array(latency.counts.begin(), latency.counts.end())}};
}

}  // namespace

json::object load_json(const ModuleCounters& counters) {
  json::array bounds;
  for (const std::int64_t bound : LatencySnapshot::bounds_ns)
    bounds.push_back(static_cast<double>(bound) / ns_per_second);
  const auto& peer = counters.connections[static_cast<std::size_t>(io::Endpoint::peer)];
  json::object load = {{"bounds_seconds", std::move(bounds)},
                       {"written_bytes", counters.requests.figures(RequestClass::write).bytes.value()},
                       {"sent_bytes", peer.sent_bytes.value()},
                       {"received_bytes", peer.received_bytes.value()},
                       {"lag_seconds", static_cast<double>(counters.lag.age_ns()) / ns_per_second}};
  for (std::size_t i = 0; i < request_class_names.size(); ++i) {
    load[json::string_view(request_class_names[i].data(), request_class_names[i].size())] =
        class_json(counters.requests.figures(static_cast<RequestClass>(i)));
  }
  return load;
}

}  // namespace lockstep::prod

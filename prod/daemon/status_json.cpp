#include "prod/daemon/status_json.h"

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {
json::string text(std::string_view value) { return json::string(value.data(), value.size()); }
}  // namespace

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

json::object verify_json(const engine::Status& status) {
  const engine::VerifyProgress& verify = status.verify;
  json::array mismatches;
  for (const Mismatch& mismatch : status.mismatches) {
    mismatches.push_back({{"kind", text(to_string(mismatch.kind))},
                          {"path", text(mismatch.path.empty() ? "." : mismatch.path)},
                          {"file", text(to_string(mismatch.file))},
                          {"offset", mismatch.offset},
                          {"length", mismatch.length},
                          {"errno", mismatch.error}});
  }
  return {{"running", verify.job != VerifyJob::none},
          {"repairing", verify.job == VerifyJob::repair},
          {"files", verify.files},
          {"bytes", verify.bytes},
          {"regions_repaired", verify.regions_repaired},
          {"complete", verify.complete},
          {"mismatches", verify.mismatches},
          {"last_ended_seconds_ago",
           verify.last_ended_ago ? json::value(verify.last_ended_ago->ns / ns_per_second) : json::value(nullptr)},
          {"list", std::move(mismatches)}};
}

}  // namespace

json::object status_json(const engine::Status& status, const ModuleConfiguration& module,
                         const ClusterConfiguration& cluster, NodeId self) {
  const Configuration& configuration = status.configuration;
  json::array in_sync;
  for (const NodeId id : {NodeId::first, NodeId::second}) {
    if (configuration.initialised() && configuration.members.contains(id)) {
      in_sync.push_back(text(cluster.node(id).name));
    }
  }
  return {
      {"module", text(module.name)},
      {"node", text(cluster.node(self).name)},
      {"directory", text(module.directory)},
      {"role", text(engine::to_string(status.role))},
      {"ready", status.readiness == engine::Readiness::ready},
      {"readiness", text(engine::to_string(status.readiness))},
      {"serves", status.serves()},
      {"state", text(status.state)},
      {"epoch", configuration.epoch.value},
      {"primary", configuration.initialised() ? json::value(text(cluster.node(configuration.primary).name)) : nullptr},
      {"in_sync", std::move(in_sync)},
      {"local_in_sync", status.in_sync},
      {"peer_connected", status.peer_connected},
      {"witness_connected", status.witness_connected},
      {"frozen", status.frozen},
      {"lsn", status.lsn.value},
      {"resync",
       {{"bytes_left", status.resync_bytes_left},
        {"bytes_copied", status.resync_bytes_copied},
        {"bytes_compared", status.resync_bytes_compared}}},
      {"verify", verify_json(status)},
      {"requests_waiting", status.requests_waiting},
      {"reason", text(status.reason)},
      {"next_step", text(status.next_step)},
  };
}

}  // namespace lockstep::prod

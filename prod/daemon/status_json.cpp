#include "prod/daemon/status_json.h"

#include "engine/values/time.h"
#include "prod/common/wall_time.h"

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {
json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

/// What the engine leaves to say, since it does not know the other node's name.
std::string step_alone(const engine::Status& status, const std::string& peer) {
  if (!status.serves() || status.role != engine::Role::alone) return {};
  if (!status.peer_connected)
    return "Start " + peer + ", or repair the network to it: it is brought up to date by itself.";
  if (status.peer_resync_bytes_left > 0) return "None is needed: " + peer + " is being brought up to date.";
  return "See what `lockstep status` says on " + peer + ", which is connected: it may wait for an administrator.";
}

/// What was kept aside waits for somebody to look at it.
std::string next_step(const PublishedStatus& published, const std::string& peer) {
  std::string step = published.status.next_step;
  if (step.empty()) step = step_alone(published.status, peer);
  if (published.conflicts.objects == 0) return step;
  return step + (step.empty() ? "" : " ") +
         "`conflicts` lists what was kept aside here; `conflicts restore` gives it " +
         "back, `conflicts drop` gives it up.";
}

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

json::array checks_json(const engine::Status& status) {
  json::array all;
  for (const engine::CheckStatus& check : status.checks) {
    all.push_back({{"name", text(check.name)},
                   {"state", text(to_string(check.state))},
                   {"action", text(to_string(check.action))},
                   {"misses", check.misses},
                   {"misses_max", check.misses_max},
                   {"text", text(check.text)}});
  }
  return all;
}

}  // namespace

json::object status_json(const PublishedStatus& published, const ModuleConfiguration& module,
                         const ClusterConfiguration& cluster, NodeId self) {
  const engine::Status& status = published.status;
  const Configuration& configuration = status.configuration;
  json::array in_sync;
  for (const NodeId id : {NodeId::first, NodeId::second}) {
    if (configuration.initialised() && configuration.members.contains(id)) {
      in_sync.push_back(text(cluster.node(id).name));
    }
  }
  const std::string& peer = cluster.node(other(self)).name;
  const Standing& standing = published.standing;
  return {
      {"module", text(module.name)},
      {"node", text(cluster.node(self).name)},
      {"directory", text(module.directory)},
      {"role", text(engine::to_string(status.role))},
      {"ready", status.readiness == engine::Readiness::ready},
      {"readiness", text(engine::to_string(status.readiness))},
      {"role_since", text(iso_time(standing.role_since_ms))},
      {"serves", status.serves()},
      {"protected", is_protected(status)},
      {"unprotected_since", standing.unprotected_since_ms && !is_protected(status)
                                ? json::value(text(iso_time(*standing.unprotected_since_ms)))
                                : json::value(nullptr)},
      {"state", text(status.state)},
      {"epoch", configuration.epoch.value},
      {"primary", configuration.initialised() ? json::value(text(cluster.node(configuration.primary).name)) : nullptr},
      {"in_sync", std::move(in_sync)},
      {"local_in_sync", status.in_sync},
      {"peer", text(peer)},
      {"peer_connected", status.peer_connected},
      {"third_vote", text(!cluster.has_third_vote() ? "none"
                          : cluster.etcd            ? "etcd"
                                                    : "witness")},
      {"witness_connected", status.witness_connected},
      {"frozen", status.frozen},
      {"lsn", status.lsn.value},
      {"peer_applied_lsn", status.peer_applied.value},
      {"resync",
       {{"bytes_total", status.resync.bytes_total},
        {"bytes_left", status.resync.bytes_left},
        {"bytes_copied", status.resync.bytes_copied},
        {"bytes_compared", status.resync.bytes_compared},
        {"files_left", status.resync.files_left},
        {"bytes_per_second", status.resync.bytes_per_second},
        {"seconds_left", status.resync.seconds_left}}},
      {"peer_resync", {{"bytes_total", status.peer_resync_bytes_total}, {"bytes_left", status.peer_resync_bytes_left}}},
      {"verify", verify_json(status)},
      {"checks", checks_json(status)},
      {"restarts", {{"used", status.restarts.used}, {"max", status.restarts.max}}},
      {"requests_waiting", status.requests_waiting},
      {"reason", text(status.reason)},
      {"conflicts", {{"count", published.conflicts.objects}, {"bytes", published.conflicts.bytes}}},
      {"next_step", text(next_step(published, peer))},
  };
}

}  // namespace lockstep::prod

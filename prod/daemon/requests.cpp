#include "io/asio/event_loop.h"
#include "prod/common/log.h"
#include "prod/daemon/load_json.h"
#include "prod/daemon/module_host.h"
#include "prod/daemon/reloader.h"
#include "prod/daemon/services.h"
#include "prod/daemon/status_json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace lockstep::prod {

namespace {

constexpr std::size_t log_lines_default = 50;

ModuleHost* find_host(const std::vector<ModuleHost*>& hosts, std::string_view module) {
  const auto found = std::find_if(hosts.begin(), hosts.end(),
                                  [&](const ModuleHost* host) { return host->configuration().name == module; });
  return found == hosts.end() ? nullptr : *found;
}

std::string known_modules(const std::vector<ModuleHost*>& hosts) {
  std::string text;
  for (const ModuleHost* host : hosts) text += (text.empty() ? "" : ", ") + host->configuration().name;
  return text;
}

std::optional<io::Verb> engine_verb(std::string_view verb) {
  constexpr std::array<std::pair<std::string_view, io::Verb>, 8> verbs = {{{"start", io::Verb::start},
                                                                           {"stop", io::Verb::stop},
                                                                           {"restart", io::Verb::restart},
                                                                           {"swap", io::Verb::swap},
                                                                           {"prim", io::Verb::prim},
                                                                           {"second", io::Verb::second},
                                                                           {"wait-role", io::Verb::wait_role},
                                                                           {"verify", io::Verb::verify}}};
  for (const auto& [name, value] : verbs) {
    if (name == verb) return value;
  }
  return std::nullopt;
}

ControlAnswer status_answer(const ModuleHost& host, const ClusterConfiguration& cluster, NodeId self) {
  const auto published = host.board().latest();
  if (!published) return {Outcome::refused, "the module is starting: ask again in a moment", {}};
  const Duration age = io::EventLoop::now() - published->at;
  if (age > host.configuration().settings.timeout) {
    return {Outcome::refused,
            "module " + host.configuration().name + " has not responded for " + std::to_string(age.ns / 1'000'000) +
                " ms: look at the log and at the disk; if it stays so, restart lockstepd",
            {}};
  }
  boost::json::object status = status_json(*published, host.configuration(), cluster, self);
  status["load"] = load_json(host.counters());
  return {Outcome::done, {}, std::move(status)};
}

/// Each module's status, or why there is none.
ControlAnswer status_of_all(const std::vector<ModuleHost*>& hosts, const ClusterConfiguration& cluster, NodeId self) {
  boost::json::array modules;
  for (const ModuleHost* host : hosts) {
    ControlAnswer answer = status_answer(*host, cluster, self);
    if (answer.outcome != Outcome::done) {
      answer.status = {{"module", host->configuration().name}, {"error", answer.text}};
    }
    modules.push_back(std::move(answer.status));
  }
  return {Outcome::done,
          {},
          {{"cluster", cluster.name}, {"node", cluster.node(self).name}, {"modules", std::move(modules)}}};
}

ControlAnswer log_answer(const ModuleHost& host, std::size_t lines) {
  std::string text;
  for (const std::string& line : host.log_tail().last(lines == 0 ? log_lines_default : lines)) text += line + "\n";
  return {Outcome::done, text, {}};
}

ControlAnswer set_answer(const std::string& key, const std::string& value) {
  if (key != "log-level") {
    return {Outcome::not_available, "nothing called \"" + key + "\" can be set: known is log-level", {}};
  }
  if (!set_log_level(value)) {
    return {Outcome::not_available, "log-level is debug, info, warning or error, not \"" + value + "\"", {}};
  }
  return {Outcome::done, "log-level is " + value + " until the daemon restarts", {}};
}

/// The command line tool looks there itself: copying takes as long as there is to copy, and is its user's to end.
ControlAnswer conflicts_answer(const ModuleHost& host) {
  const ModuleHost::ConflictPlaces places = host.conflict_places();
  return {Outcome::done,
          {},
          {{"store", places.store}, {"directory", places.directory}, {"path", host.configuration().directory}}};
}

/// As it was typed.
std::string command_text(const io::Command& command) {
  std::string text(to_string(command.verb));
  if (command.force) text += " --force";
  if (command.full) text += " --full";
  if (command.repair) text += " --repair";
  if (command.cancel) text += " --cancel";
  return text;
}

void forward(ModuleHost& host, const io::Command& command, const std::string& by,
             const ControlServer::Respond& respond) {
  host.command(command, [&host, command, by, respond](bool accepted, std::string text) {
    const std::string who = by.empty() ? "an administrator" : by;
    ModuleEvent event;
    event.kind = EventKind::command;
    event.name = accepted ? "command_given" : "command_refused";
    event.text = who + " gave `" + command_text(command) + (accepted ? "`: " : "`, refused: ") + text;
    event.facts = {{"by", who}, {"command", command_text(command)}, {"accepted", accepted}};
    host.note(std::move(event));
    respond({accepted ? Outcome::done : Outcome::refused, std::move(text), {}});
  });
}

void resync(ModuleHost& host, const std::string& by, const ControlServer::Respond& respond) {
  const auto published = host.board().latest();
  if (!published || published->status.role != engine::Role::second) {
    const std::string role = published ? std::string(engine::to_string(published->status.role)) : "starting";
    respond({Outcome::refused, "this node is " + role + ": resync brings a SECOND up to date, run it there", {}});
    return;
  }
  forward(host, {io::Verb::second, false, true}, by, respond);
}

}  // namespace

void handle_control(const std::vector<ModuleHost*>& hosts, Reloader& reloader, const ClusterConfiguration& cluster,
                    NodeId self, const ControlRequest& request, const ControlServer::Respond& respond) {
  if (request.module.empty() && request.verb == "reload") return respond(reloader.reload(request.by));
  if (request.module.empty() && request.verb == "status") {
    respond(status_of_all(hosts, cluster, self));
    return;
  }
  ModuleHost* host = find_host(hosts, request.module);
  if (host == nullptr) {
    respond({Outcome::refused, "no module \"" + request.module + "\" runs here: there is " + known_modules(hosts), {}});
    return;
  }
  if (const auto verb = engine_verb(request.verb)) {
    forward(*host, {*verb, request.force, request.full, request.repair, request.cancel}, request.by, respond);
  } else if (request.verb == "status") {
    respond(status_answer(*host, cluster, self));
  } else if (request.verb == "log") {
    respond(log_answer(*host, request.lines));
  } else if (request.verb == "set") {
    respond(set_answer(request.key, request.value));
  } else if (request.verb == "resync") {
    resync(*host, request.by, respond);
  } else if (request.verb == "conflicts") {
    respond(conflicts_answer(*host));
  } else if (request.verb == "conflicts-drop") {
    host->drop_conflicts(request.full, request.key, [respond](std::size_t dropped) {
      const bool any = dropped != 0;
      respond({any ? Outcome::done : Outcome::refused, any ? std::to_string(dropped) : "nothing such is kept", {}});
    });
  } else {
    respond({Outcome::not_available, "the daemon does not know \"" + request.verb + "\"", {}});
  }
}

void handle_api(const std::vector<ModuleHost*>& hosts, const WebhookSender& webhooks, Reloader& reloader,
                const ClusterConfiguration& cluster, NodeId self, const ControlRequest& request,
                const ControlServer::Respond& respond) {
  if (!request.module.empty()) {
    if (find_host(hosts, request.module) == nullptr) {
      respond({Outcome::not_available, "no module \"" + request.module + "\": there is " + known_modules(hosts), {}});
      return;
    }
  } else if (request.verb == "metrics") {
    return respond({Outcome::done, metrics_page(hosts, webhooks), {}});
  }
  handle_control(hosts, reloader, cluster, self, request, respond);
}

HttpAnswer handle_http(const std::vector<ModuleHost*>& hosts, const std::string& path) {
  constexpr std::string_view health_prefix = "/health/";
  constexpr std::string_view ready_prefix = "/var/modules/";
  constexpr std::string_view ready_suffix = "/ready.txt";
  const bool health_page = path.starts_with(health_prefix);
  const bool ready_page = path.starts_with(ready_prefix) && path.ends_with(ready_suffix) &&
                          path.size() > ready_prefix.size() + ready_suffix.size();
  std::string module;
  if (health_page) module = path.substr(health_prefix.size());
  if (ready_page) {
    module = path.substr(ready_prefix.size(), path.size() - ready_prefix.size() - ready_suffix.size());
  }
  const ModuleHost* host = find_host(hosts, module);
  if (host == nullptr) return {404, "text/plain", "not found\n"};

  const auto published = host->board().latest();
  const Health health = health_of(published.get(), io::EventLoop::now(), host->configuration().settings.timeout);
  if (ready_page) {
    return health.serves ? HttpAnswer{200, "text/plain", "ready\n"} : HttpAnswer{404, "text/plain", "not ready\n"};
  }
  boost::json::object body = {{"module", module}, {"serves", health.serves}};
  if (published) {
    const auto role = engine::to_string(published->status.role);
    const auto readiness = engine::to_string(published->status.readiness);
    body["role"] = boost::json::string_view(role.data(), role.size());
    body["ready"] = published->status.readiness == engine::Readiness::ready;
    body["readiness"] = boost::json::string_view(readiness.data(), readiness.size());
    body["epoch"] = published->status.configuration.epoch.value;
    body["next_step"] = published->status.next_step;
  }
  body["reason"] = health.reason;
  return {health.serves ? 200U : 503U, "application/json", boost::json::serialize(body) + "\n"};
}

}  // namespace lockstep::prod

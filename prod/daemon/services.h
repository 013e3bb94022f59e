// What the daemon answers to administrators and load balancers, about all of its modules.
#pragma once

#include "io/tls/context.h"
#include "prod/common/control_protocol.h"
#include "prod/config/configuration.h"
#include "prod/daemon/control_server.h"
#include "prod/daemon/http_server.h"

#include <memory>
#include <string>
#include <vector>

namespace lockstep::prod {

class ModuleHost;
class Reloader;
class WebhookSender;

/// Answers one request; `respond` is called once, at once or from a module's thread.
void handle_control(const std::vector<ModuleHost*>& hosts, Reloader& reloader, const ClusterConfiguration& cluster,
                    NodeId self, const ControlRequest& request, const ControlServer::Respond& respond);

/// The same for the HTTP API, which may also ask for the status of all modules and for their figures.
void handle_api(const std::vector<ModuleHost*>& hosts, const WebhookSender& webhooks, Reloader& reloader,
                const ClusterConfiguration& cluster, NodeId self, const ControlRequest& request,
                const ControlServer::Respond& respond);

/// GET /health/MODULE and /var/modules/MODULE/ready.txt; never asks a module's thread, which may hang.
HttpAnswer handle_http(const std::vector<ModuleHost*>& hosts, const std::string& path);

/// All modules' figures, the webhooks' and the process's, for Prometheus. Asks no module's thread either.
std::string metrics_page(const std::vector<ModuleHost*>& hosts, const WebhookSender& webhooks);

/// The thread that runs control socket, health pages and API. The hosts, the webhooks and the reloader outlive it.
class Services {
 public:
  /// `configuration`: its directory, where the API's tokens are; `credentials`: by which the API is known.
  Services(std::vector<ModuleHost*> hosts, const WebhookSender& webhooks, Reloader& reloader,
           ClusterConfiguration cluster, NodeId self, const std::string& configuration,
           const tls::Credentials& credentials);
  ~Services();

  /// Opens the socket and the ports. An error as a sentence with a remedy, or empty.
  std::string listen();
  void start();
  /// No request is taken any more.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::prod

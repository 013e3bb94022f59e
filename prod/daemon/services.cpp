#include "prod/daemon/services.h"

#include "engine/values/check.h"
#include "prod/api/api_server.h"
#include "prod/common/log.h"
#include "prod/common/wall_time.h"
#include "prod/config/configuration_texts.h"
#include "prod/daemon/expiry_watch.h"
#include "prod/daemon/module_host.h"
#include "prod/daemon/reloader.h"

#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace lockstep::prod {

class Services::Impl {
 public:
  Impl(std::vector<ModuleHost*> hosts, const WebhookSender& webhooks, Reloader& reloader, ClusterConfiguration cluster,
       NodeId self, const std::string& configuration, const tls::Credentials& credentials)
      : hosts_(std::move(hosts)),
        reloader_(reloader),
        cluster_(std::move(cluster)),
        configuration_(configuration),
        work_(boost::asio::make_work_guard(context_)),
        control_(context_,
                 [this, self](const ControlRequest& request, const ControlServer::Respond& respond) {
                   handle_control(hosts_, reloader_, cluster_, self, request, respond);
                 }),
        http_(context_, [this](const std::string& path) { return handle_http(hosts_, path); }),
        api_(
            context_, credentials, configuration,
            [this, self, &webhooks](const ControlRequest& request, const ApiServer::Respond& respond) {
              if (request.verb == "configuration") return respond(configuration_answer(self));
              handle_api(hosts_, webhooks, reloader_, cluster_, self, request, respond);
            },
            [](const std::string& text) { log(io::Severity::info, "API: " + text); }),
        expiry_(context_, configuration, {cluster_.name, std::string(to_string(self))}, &log) {}

  ~Impl() { stop(); }

  std::string listen() {
    if (std::string error = http_.listen(cluster_.http_address, cluster_.http_port); !error.empty()) return error;
    if (std::string error = api_.listen(cluster_.api_address, cluster_.api_port); !error.empty()) return error;
    return control_.listen(cluster_.run_directory + "/" + control_socket_name);
  }

  void start() {
    thread_ = std::thread([this] {
      try {
        context_.run();
      } catch (const std::exception& error) {
        check_failed("no exception reaches the service thread", error.what(), __FILE__, __LINE__);
      }
    });
  }

  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  /// For "check --all-nodes" on the other server: the files as they are now, since those will count, and which of them
  /// this daemon does not run with yet.
  [[nodiscard]] ControlAnswer configuration_answer(NodeId self) const {
    const ConfigurationTexts now = read_configuration_texts(configuration_);
    const ConfigurationTexts running = reloader_.running();
    boost::json::object files;
    boost::json::array changed;
    for (const auto& [name, text] : now) {
      files[name] = text;
      const auto before = running.find(name);
      if (before == running.end() || before->second != text)
        changed.emplace_back(boost::json::string(name.data(), name.size()));
    }
    for (const auto& [name, text] : running) {
      if (now.count(name) == 0) changed.emplace_back(boost::json::string(name.data(), name.size()));
    }
    return {Outcome::done,
            {},
            {{"node", cluster_.node(self).name},
             {"version", LOCKSTEP_VERSION},
             {"time_ms", wall_clock_ms()},
             {"files", std::move(files)},
             {"changed", std::move(changed)}}};
  }

  const std::vector<ModuleHost*> hosts_;
  Reloader& reloader_;
  const ClusterConfiguration cluster_;
  const std::string configuration_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  ControlServer control_;
  HttpServer http_;
  ApiServer api_;
  ExpiryWatch expiry_;
  std::thread thread_;
};

Services::Services(std::vector<ModuleHost*> hosts, const WebhookSender& webhooks, Reloader& reloader,
                   ClusterConfiguration cluster, NodeId self, const std::string& configuration,
                   const tls::Credentials& credentials)
    : impl_(std::make_unique<Impl>(std::move(hosts), webhooks, reloader, std::move(cluster), self, configuration,
                                   credentials)) {}

Services::~Services() = default;

std::string Services::listen() { return impl_->listen(); }

void Services::start() { impl_->start(); }

void Services::stop() { impl_->stop(); }

}  // namespace lockstep::prod

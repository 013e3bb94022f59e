#include "io/asio/event_loop.h"
#include "prod/daemon/module_host.h"
#include "prod/daemon/services.h"
#include "prod/metrics/module_metrics.h"
#include "prod/metrics/process_metrics.h"
#include "prod/metrics/webhook_metrics.h"

namespace lockstep::prod {

std::string metrics_page(const std::vector<ModuleHost*>& hosts, const WebhookSender& webhooks) {
  MetricPage page;
  add_process_metrics(page, "lockstepd", LOCKSTEP_VERSION);
  for (const ModuleHost* host : hosts) {
    const Instant now = io::EventLoop::now();
    const auto published = host->board().latest();
    const bool serves = health_of(published.get(), now, host->configuration().settings.timeout).serves;
    add_module_metrics(page, {host->configuration().name, published, serves, now}, host->counters());
  }
  add_webhook_metrics(page, webhooks.figures());
  return page.text();
}

}  // namespace lockstep::prod

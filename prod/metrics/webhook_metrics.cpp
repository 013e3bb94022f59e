#include "prod/metrics/webhook_metrics.h"

#include <string>

namespace lockstep::prod {

void add_webhook_metrics(MetricPage& page, const std::vector<WebhookSender::Figures>& webhooks) {
  for (std::size_t i = 0; i < webhooks.size(); ++i) {
    const WebhookSender::Figures& figures = webhooks[i];
    const MetricPage::Labels labels = {{"webhook", std::to_string(i + 1)}, {"host", figures.host}};
    page.counter("lockstep_webhook_delivered_total", "Events that the webhook has taken", labels,
                 static_cast<double>(figures.delivered));
    page.counter("lockstep_webhook_failures_total", "Attempts that failed", labels,
                 static_cast<double>(figures.failures));
    page.counter("lockstep_webhook_given_up_total", "Events that the webhook will never hear of", labels,
                 static_cast<double>(figures.given_up));
    page.gauge("lockstep_webhook_waiting", "Events that wait to be taken", labels,
               static_cast<double>(figures.waiting));
  }
}

}  // namespace lockstep::prod

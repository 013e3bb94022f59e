// The webhooks' figures on a metrics page.
#pragma once

#include "prod/events/webhook_sender.h"
#include "prod/metrics/metric_page.h"

#include <vector>

namespace lockstep::prod {

/// `webhooks` in the order of the configuration: two may be on one host, so each has its number, from 1, too.
void add_webhook_metrics(MetricPage& page, const std::vector<WebhookSender::Figures>& webhooks);

}  // namespace lockstep::prod

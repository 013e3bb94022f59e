#include "prod/metrics/metric_page.h"

#include "engine/values/time.h"

#include <algorithm>
#include <iterator>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace lockstep::prod {

class MetricPage::Families {
 public:
  prometheus::ClientMetric& add(const std::string& name, const char* help, prometheus::MetricType type,
                                const Labels& labels) {
    auto family = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    if (family == all.end()) {
      prometheus::MetricFamily fresh;
      fresh.name = name;
      fresh.help = help;
      fresh.type = type;
      all.push_back(std::move(fresh));
      family = std::prev(all.end());
    }
    prometheus::ClientMetric& metric = family->metric.emplace_back();
    for (const auto& [label, value] : labels) {
      metric.label.emplace_back();
      metric.label.back().name = label;
      metric.label.back().value = value;
    }
    return metric;
  }

  std::vector<prometheus::MetricFamily> all;
};

MetricPage::MetricPage() : families_(std::make_unique<Families>()) {}
MetricPage::~MetricPage() = default;

void MetricPage::gauge(const std::string& name, const char* help, const Labels& labels, double value) {
  families_->add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void MetricPage::counter(const std::string& name, const char* help, const Labels& labels, double value) {
  families_->add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void MetricPage::histogram(const std::string& name, const char* help, const Labels& labels,
                           const LatencySnapshot& latency) {
  auto& histogram = families_->add(name, help, prometheus::MetricType::Histogram, labels).histogram;
  histogram.sample_sum = static_cast<double>(latency.sum_ns) / ns_per_second;
  for (std::size_t i = 0; i < LatencySnapshot::bounds_ns.size(); ++i) {
    histogram.sample_count += latency.counts[i];
    histogram.bucket.emplace_back();
    histogram.bucket.back().cumulative_count = histogram.sample_count;
    histogram.bucket.back().upper_bound = static_cast<double>(LatencySnapshot::bounds_ns[i]) / ns_per_second;
  }
  histogram.sample_count += latency.counts.back();  // the serializer adds the bucket without a bound
}

std::string MetricPage::text() const { return prometheus::TextSerializer().Serialize(families_->all); }

}  // namespace lockstep::prod

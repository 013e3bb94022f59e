// Figures as Prometheus reads them: families with a name, a help text and a type.
#pragma once

#include "prod/metrics/latency_histogram.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::prod {

/// Media type of what MetricPage::text() gives.
inline constexpr const char* metric_page_type = "text/plain; version=0.0.4; charset=utf-8";

/// A page is made, filled and written at each request. Families appear in the order of their first sample.
class MetricPage {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  MetricPage();
  ~MetricPage();
  MetricPage(const MetricPage&) = delete;
  MetricPage& operator=(const MetricPage&) = delete;

  /// `help` is a sentence without its full stop; units are in the name, as Prometheus's conventions have them.
  void gauge(const std::string& name, const char* help, const Labels& labels, double value);
  void counter(const std::string& name, const char* help, const Labels& labels, double value);
  void histogram(const std::string& name, const char* help, const Labels& labels, const LatencySnapshot& latency);

  [[nodiscard]] std::string text() const;

 private:
  class Families;
  std::unique_ptr<Families> families_;
};

}  // namespace lockstep::prod

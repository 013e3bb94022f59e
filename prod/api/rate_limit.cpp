#include "prod/api/rate_limit.h"

#include <algorithm>

namespace lockstep::prod {

RateLimit::Stock& RateLimit::refilled(const std::string& address, Instant now) {
  auto found = stocks_.find(address);
  if (found == stocks_.end()) {
    if (stocks_.size() >= addresses_max) {
      stocks_.erase(std::min_element(stocks_.begin(), stocks_.end(),
                                     [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
    }
    found = stocks_.emplace(address, Stock{requests_max, mistakes_max, now}).first;
  }
  Stock& stock = found->second;
  const double seconds = static_cast<double>((now - stock.at).ns) / 1e9;
  stock.requests = std::min(requests_max, stock.requests + seconds * requests_per_second);
  stock.mistakes = std::min(mistakes_max, stock.mistakes + seconds * mistakes_per_second);
  stock.at = now;
  return stock;
}

bool RateLimit::allow(const std::string& address, Instant now) {
  Stock& stock = refilled(address, now);
  if (stock.requests < 1 || stock.mistakes < 1) return false;
  stock.requests -= 1;
  return true;
}

void RateLimit::mistaken(const std::string& address, Instant now) { refilled(address, now).mistakes -= 1; }

}  // namespace lockstep::prod

#include "prod/daemon/status_board.h"

#include <utility>

namespace lockstep::prod {

void StatusBoard::publish(PublishedStatus published) {
  auto fresh = std::make_shared<const PublishedStatus>(std::move(published));
  const std::scoped_lock lock(mutex_);
  latest_.swap(fresh);
}

std::shared_ptr<const PublishedStatus> StatusBoard::latest() const {
  const std::scoped_lock lock(mutex_);
  return latest_;
}

Health health_of(const PublishedStatus* published, Instant now, Duration timeout) {
  if (published == nullptr) return {false, "the module is starting"};
  const engine::Status& status = published->status;
  const Duration age = now - published->at;
  if (age > engine::health_age_max(timeout)) {
    return {false, "the module's loop has not responded for " + std::to_string(age.ns / 1'000'000) + " ms"};
  }
  const bool serves = engine::healthy(status, published->at, now, timeout);
  if (!serves && status.serves()) return {false, "the lease of this primary has run out"};
  return {serves, status.reason};
}

}  // namespace lockstep::prod

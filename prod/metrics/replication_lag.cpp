#include "prod/metrics/replication_lag.h"

namespace lockstep::prod {

void ReplicationLag::observe(Lsn last, Lsn applied, Instant now) {
  while (!looks_.empty() && looks_.front().last <= applied) looks_.pop_front();
  if (last > applied && (looks_.empty() || looks_.back().last < last)) looks_.push_back({last, now});
  if (looks_.size() > looks_max) {
    std::deque<Look> kept;
    for (std::size_t i = 0; i < looks_.size(); i += 2) kept.push_back(looks_[i]);
    looks_ = std::move(kept);
  }
  age_ns_.set(looks_.empty() ? 0 : static_cast<std::uint64_t>((now - looks_.front().at).ns));
}

void ReplicationLag::none() {
  looks_.clear();
  age_ns_.set(0);
}

}  // namespace lockstep::prod

// What a module's loop last said of itself, for other threads.
#pragma once

#include "engine/status.h"
#include "engine/values/time.h"
#include "prod/events/standing.h"

#include <cstdint>
#include <memory>
#include <mutex>

namespace lockstep::prod {

/// What was kept aside, in a conflict of two histories.
struct KeptAside {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

struct PublishedStatus {
  engine::Status status;
  Instant at;  ///< when the loop said so; an old one means that the loop hangs
  KeptAside conflicts = {};
  Standing standing = {};
};

/// Thread-safe.
class StatusBoard {
 public:
  void publish(PublishedStatus published);
  /// Nothing until the loop has spoken for the first time.
  [[nodiscard]] std::shared_ptr<const PublishedStatus> latest() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const PublishedStatus> latest_;
};

/// Whether clients may be sent here, as engine::healthy has it, and why not.
struct Health {
  bool serves = false;
  std::string reason;
};
Health health_of(const PublishedStatus* published, Instant now, Duration timeout);

}  // namespace lockstep::prod

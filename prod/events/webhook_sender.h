// Tells webhooks what happens: each from a bounded queue on a thread of its own, again and again until it is heard.
#pragma once

#include "io/report.h"
#include "prod/config/webhook_configuration.h"
#include "prod/events/module_event.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lockstep::prod {

/// What a message says beside the event.
struct WebhookOrigin {
  std::string cluster;
  std::string node;
  std::string version;
};

struct WebhookTimes {
  std::chrono::milliseconds answer_max{5000};
  std::chrono::milliseconds pause_first{1000};  ///< after a failure; doubled after each further one
  std::chrono::milliseconds pause_max{60'000};
  std::chrono::milliseconds keep{3'600'000};    ///< an older event is given up
  std::chrono::milliseconds last_chance{2000};  ///< what is still waiting at the end has so long altogether
};

class WebhookSender {
 public:
  /// Of each webhook; when more are waiting the oldest is given up.
  static constexpr std::size_t queue_max = 256;

  WebhookSender(const std::vector<WebhookConfiguration>& webhooks, WebhookOrigin origin, io::Report report,
                WebhookTimes times = {});
  ~WebhookSender();
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

  /// From any thread. A webhook whose URL stays keeps what waits for it; what waits for one that goes has its last
  /// chance. If it throws, nothing has changed.
  void replace(std::vector<WebhookConfiguration> webhooks);

  /// From any thread; never waits for a webhook.
  void take(const std::string& module, const ModuleEvent& event);

  struct Figures {
    std::string host;
    std::uint64_t delivered = 0;
    std::uint64_t failures = 0;  ///< attempts that failed
    std::uint64_t given_up = 0;
    std::uint64_t waiting = 0;  ///< with the one that is being delivered
  };
  /// Of each webhook, in the order of the configuration.
  [[nodiscard]] std::vector<Figures> figures() const;

 private:
  class Receiver;
  const WebhookOrigin origin_;
  const io::Report report_;
  const WebhookTimes times_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Receiver>> receivers_;
  std::vector<std::shared_ptr<Receiver>> leaving_;  ///< not configured any more; their threads end by themselves
};

}  // namespace lockstep::prod

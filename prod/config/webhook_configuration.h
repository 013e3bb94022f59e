// Somebody who is told over HTTP what happens.
#pragma once

#include "prod/events/event_kind.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::prod {

struct WebhookConfiguration {
  std::string url;  ///< as written; may hold a secret of its own, so not for logs
  bool tls = true;
  std::string host;
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query
  std::vector<EventKind> events = {EventKind::role, EventKind::protection};
  std::string secret_file;  ///< whose contents sign each message; read when one is sent. Empty: not signed
  std::string ca_file;      ///< of who vouches for the host; empty: who this machine trusts

  bool operator==(const WebhookConfiguration&) const = default;
};

/// So many; each has a queue and a thread of its own.
inline constexpr std::size_t webhooks_max = 16;

}  // namespace lockstep::prod

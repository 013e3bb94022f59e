// One message to a webhook, over HTTP or HTTPS.
#pragma once

#include "prod/config/webhook_configuration.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::prod {

struct HttpPost {
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside Host, Content-Type and Content-Length
  std::string body;                                          ///< JSON
};

struct PostOutcome {
  unsigned status = 0;  ///< of HTTP; 0: there was no answer
  std::string error;    ///< why not
};

/// Blocks until the answer is there, at most `timeout` (looking up the host's name may add the resolver's own). The
/// host's certificate is verified, and its name.
PostOutcome post_over_http(const WebhookConfiguration& to, const HttpPost& post, std::chrono::milliseconds timeout);

/// HMAC-SHA256 of the text in lower case hexadecimal digits (RFC 2104).
std::string hmac_sha256_hex(const std::string& secret, const std::string& text);

}  // namespace lockstep::prod

// What all links of one machine have in common: TLS 1.3 only, both ends with a certificate of the cluster's authority.
#pragma once

#include "io/tls/certificate.h"

#include <cstdint>
#include <memory>
#include <utility>

using SSL_CTX = struct ssl_ctx_st;

namespace lockstep::tls {

/// What a machine needs to take part: its own certificate with the key to it, and the authority of its cluster.
struct Credentials {
  Certificate authority;
  Certificate certificate;
  Key key;
};

/// Whom the other end has to be for a handshake to succeed. Which place it speaks for is for the caller to look at.
enum class Peers : std::uint8_t {
  of_the_cluster,  ///< shows a certificate of the same authority
  anybody,         ///< need not show any: clients of the HTTP API, which have tokens, and whoever joins
};

/// Immutable; shared by the threads of all modules.
class Context {
 public:
  explicit Context(const Credentials& credentials, Peers peers = Peers::of_the_cluster);
  /// For a caller that has nothing yet: it accepts any certificate, and has to look at it before it says anything.
  static Context unverified();

  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

 private:
  explicit Context(std::shared_ptr<SSL_CTX> context) : context_(std::move(context)) {}

  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace lockstep::tls

#include "io/tls/proven_identity.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"

namespace lockstep::tls {

void ask_who_calls(const Context& context, const Certificate& authority) {
  // The name of the authority lets browsers offer no certificate of another.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  LOCKSTEP_CHECK(SSL_CTX_add_client_CA(context.get(), authority.get()) == 1, "OpenSSL takes a certificate");
}

std::optional<Identity> proven_identity(const SSL* connection, const Certificate& authority) {
  const std::shared_ptr<X509> shown(SSL_get1_peer_certificate(connection), X509_free);
  if (shown == nullptr) return std::nullopt;
  const Certificate certificate(shown);
  return certificate.verify(authority).code == X509_V_OK ? certificate.identity() : std::nullopt;
}

}  // namespace lockstep::tls

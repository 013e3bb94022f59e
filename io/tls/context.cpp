#include "io/tls/context.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"

#include <sys/auxv.h>

namespace lockstep::tls {

namespace {

/// With the processor's AES instructions AES-128-GCM takes a third of what ChaCha20 does, without them three times as
/// much. The end that has none says so by its order, and the answering end follows it.
const char* cipher_suites() {
#if defined(__x86_64__)
  const bool aes = __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  constexpr unsigned long hwcap_aes = 1UL << 3U;
  const bool aes = (::getauxval(AT_HWCAP) & hwcap_aes) != 0;
#else
  const bool aes = false;
#endif
  return aes ? "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
             : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

std::shared_ptr<SSL_CTX> blank() {
  std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  SSL_CTX* context = made.get();
  LOCKSTEP_CHECK(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                     SSL_CTX_set_ciphersuites(context, cipher_suites()) == 1 &&
                     SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1,
                 "OpenSSL speaks TLS 1.3");
  // No tickets and no sessions: a resumed one would not look at certificates again. An end without a farewell is how
  // machines fail; frames say by themselves whether they are complete.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

}  // namespace

Context::Context(const Credentials& credentials, Peers peers) : context_(blank()) {
  SSL_CTX* context = context_.get();
  LOCKSTEP_CHECK(SSL_CTX_use_certificate(context, credentials.certificate.get()) == 1 &&
                     SSL_CTX_use_PrivateKey(context, credentials.key.get()) == 1 &&
                     X509_STORE_add_cert(SSL_CTX_get_cert_store(context), credentials.authority.get()) == 1,
                 "a certificate fits its key, as was checked");
  // Sent along, so that who knows only the authority's fingerprint can look at it.
  LOCKSTEP_CHECK(SSL_CTX_add1_chain_cert(context, credentials.authority.get()) == 1, "OpenSSL takes a certificate");
  const bool members_only = peers == Peers::of_the_cluster;
  SSL_CTX_set_verify(context, members_only ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                     nullptr);
}

Context Context::unverified() {
  std::shared_ptr<SSL_CTX> made = blank();
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_NONE, nullptr);
  return Context(std::move(made));
}

}  // namespace lockstep::tls

// The first bytes of a caller at a port that modules share.
#include "io/tls/server_name.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"
#include "props/fuzz/targets.h"

#include <array>
#include <string>

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const tls::ServerName called = tls::server_name(input.bytes());
  LOCKSTEP_CHECK(!called.incomplete || called.name.empty(), "what is incomplete names nobody yet");
  LOCKSTEP_CHECK(!called.incomplete || input.size() < tls::client_hello_bytes_max, "nobody is heard for ever");
  return !called.name.empty();
}

/// What a caller says first.
Buffer greeting(const char* name) {
  const tls::OwnedContext context(SSL_CTX_new(TLS_client_method()));
  const tls::OwnedSsl ssl(SSL_new(context.get()));
  BIO* said = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), said);
  SSL_set_connect_state(ssl.get());
  SSL_set_tlsext_host_name(ssl.get(), name);
  SSL_do_handshake(ssl.get());
  std::array<char, tls::client_hello_bytes_max> bytes{};
  const int size = BIO_read(said, bytes.data(), static_cast<int>(bytes.size()));
  LOCKSTEP_CHECK(size > 0, "a caller speaks first");
  return Buffer::copy_of(std::string(bytes.data(), static_cast<std::size_t>(size)));
}

std::vector<Buffer> seeds() { return {greeting("shop"), greeting("a-much-longer_name-of-a-module")}; }

}  // namespace

const Target server_name{"server_name", accepts, seeds, tls::client_hello_bytes_max, 25'000};

}  // namespace lockstep::fuzz

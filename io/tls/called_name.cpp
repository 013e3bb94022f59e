#include "io/tls/called_name.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"

#include <openssl/err.h>
#include <openssl/tls1.h>

namespace lockstep::tls {

namespace {

/// Length of the list, kind of the first name, length of that name.
constexpr std::size_t name_at = 5;

/// RFC 6066, 3: of the only kind of name there is, one.
std::string first_name(std::span<const unsigned char> extension) {
  if (extension.size() <= name_at || extension[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t length = std::size_t{extension[3]} << 8U | extension[4];
  const auto name = extension.subspan(name_at);
  if (length != name.size()) return {};
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

int on_client_hello(SSL* ssl, int* /*alert*/, void* /*argument*/) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) == 1) {
    *static_cast<std::string*>(SSL_get_app_data(ssl)) = first_name({bytes, size});
  }
  return SSL_CLIENT_HELLO_ERROR;  // who is called goes through the handshake; here it ends
}

/// Never freed: threads may outlive whatever ends first when the process does.
SSL_CTX* context() {
  static SSL_CTX* const made = [] {
    SSL_CTX* fresh = SSL_CTX_new(TLS_server_method());
    LOCKSTEP_CHECK(fresh != nullptr, "OpenSSL makes a context");
    SSL_CTX_set_client_hello_cb(fresh, on_client_hello, nullptr);
    return fresh;
  }();
  return made;
}

}  // namespace

CalledName called_name(std::span<const std::byte> first_bytes) {
  CalledName called;
  const OwnedSsl ssl(SSL_new(context()));
  LOCKSTEP_CHECK(ssl != nullptr, "OpenSSL makes a connection");
  BIO* heard = BIO_new_mem_buf(first_bytes.data(), static_cast<int>(first_bytes.size()));
  BIO* answer = BIO_new(BIO_s_null());
  LOCKSTEP_CHECK(heard != nullptr && answer != nullptr, "OpenSSL makes a BIO");
  BIO_set_mem_eof_return(heard, -1);
  SSL_set_bio(ssl.get(), heard, answer);
  SSL_set_app_data(ssl.get(), &called.name);
  ERR_clear_error();
  const int result = SSL_accept(ssl.get());
  called.incomplete =
      SSL_get_error(ssl.get(), result) == SSL_ERROR_WANT_READ && first_bytes.size() < greeting_bytes_max;
  ERR_clear_error();
  return called;
}

}  // namespace lockstep::tls

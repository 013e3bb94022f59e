// Whom a caller wants to reach: the server_name of its ClientHello (SNI; RFC 6066, section 3), which it gives in clear,
// so that several can be reached at one port.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lockstep::tls {

/// A longer ClientHello is not waited for.
inline constexpr std::size_t client_hello_bytes_max = 4096;

struct ServerName {
  /// There is more to come before anything can be said.
  bool incomplete = false;
  /// Empty: none was given, or these are not the first bytes of a TLS handshake.
  std::string name;
};

/// From any thread.
ServerName server_name(std::span<const std::byte> first_bytes);

}  // namespace lockstep::tls

// Whom a caller wants to reach, by the first bytes of its TLS handshake: the name that it gives there in clear (RFC
// 6066, server_name), so that several can be reached at one port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace lockstep::tls {

/// What a caller's first bytes say is at most this long where they are worth reading.
inline constexpr std::size_t greeting_bytes_max = 4096;

struct CalledName {
  /// There is more to come before anything can be said.
  bool incomplete = false;
  /// Empty: none was given, or these are not the first bytes of a TLS handshake.
  std::string name;
};

/// From any thread.
CalledName called_name(std::span<const std::byte> first_bytes);

}  // namespace lockstep::tls

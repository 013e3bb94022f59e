// Credentials for tests: of a cluster "demo", or as a test wants them.
#pragma once

#include "io/tls/context.h"

#include <string>

namespace lockstep::tls::testing {

inline const Authority& demo_authority() {
  static const Authority authority = Authority::create("demo");
  return authority;
}

inline Credentials credentials(const std::string& place, const Authority& authority = demo_authority(),
                               const std::string& cluster = "demo", Validity validity = {}) {
  Key key = Key::generate();
  Certificate certificate = authority.issue({cluster, place}, place, {"127.0.0.1", "localhost"}, key, validity);
  return {authority.certificate, std::move(certificate), std::move(key)};
}

/// Expired yesterday.
inline constexpr Validity expired{-2 * 24 * 3600, -24 * 3600};
inline constexpr Validity not_yet{24 * 3600, 2 * 24 * 3600};

}  // namespace lockstep::tls::testing

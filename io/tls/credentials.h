// A machine's keys and certificates as files: CONFIGURATION/tls/{ca.crt,node.crt,node.key}, and ca.key on the server
// where the cluster was set up.
#pragma once

#include "io/tls/context.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::tls {

inline constexpr const char* credentials_folder = "tls";
inline constexpr const char* authority_file = "ca.crt";
inline constexpr const char* authority_key_file = "ca.key";
inline constexpr const char* certificate_file = "node.crt";
inline constexpr const char* key_file = "node.key";

/// This many days before its end a certificate is spoken of.
inline constexpr std::int64_t renewal_days = 60;

/// Each problem is a sentence that names the file and says what to do.
struct LoadedCredentials {
  std::optional<Credentials> credentials;  ///< nothing if there are problems
  std::vector<std::string> problems;       ///< all that were found
  std::string warning;                     ///< it works, but not for long any more
};

/// From CONFIGURATION/tls, for this machine's `identity`. A key that others can read, or files that do not fit each
/// other, the cluster, the place or the time, are problems.
LoadedCredentials load_credentials(const std::string& configuration, const Identity& identity);

/// The authority with its key; `problems` if it is not here, which is so on every server but one.
struct LoadedAuthority {
  std::optional<Authority> authority;
  std::string problem;
};
LoadedAuthority load_authority(const std::string& configuration);

}  // namespace lockstep::tls

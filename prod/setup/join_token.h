// What a machine that joins a cluster is given: whom to call, how to know that it is the right one, and a secret that
// is good once, for one place, for a while.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace lockstep::prod {

struct JoinToken {
  std::string place;  ///< "second" or "witness"
  std::string address;
  std::uint16_t port = 0;
  std::int64_t expires = 0;  ///< seconds since 1970, by the inviting server's clock
  std::string fingerprint;   ///< of the cluster's authority
  std::string secret;

  bool operator==(const JoinToken&) const = default;
};

/// One word, for a command line.
std::string to_string(const JoinToken& token);
/// The token, or why it is none, as a sentence.
std::variant<JoinToken, std::string> parse_join_token(std::string_view text);

/// 128 bits from the system, 32 hexadecimal digits.
std::string random_secret();
/// In a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace lockstep::prod

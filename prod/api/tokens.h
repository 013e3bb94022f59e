// Who may use the HTTP API, and for what: tokens with roles, kept as salted hashes in CONFIGURATION/tls/api-tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

inline constexpr const char* tokens_file = "api-tokens";

/// Each may do what the one before it may.
enum class ApiRole : std::uint8_t {
  monitor,  ///< look
  control,  ///< start, stop, swap: what loses nothing
  admin,    ///< also what gives data up
};
std::string_view to_string(ApiRole role);
std::optional<ApiRole> parse_role(std::string_view text);

struct ApiToken {
  std::string name;  ///< who has it
  ApiRole role = ApiRole::monitor;
  std::string created;  ///< "2026-11-28", in UTC
  std::string salt;
  std::string hash;  ///< SHA-256 of salt and secret: the secret is random, no dictionary has it
};

/// The file's tokens. A file that is not there has none; a `problem` says what is wrong with another.
struct ApiTokens {
  std::vector<ApiToken> tokens;
  std::string problem;

  /// Whose `presented` is ("NAME.SECRET"). Takes as long whether there is such a name or not.
  [[nodiscard]] const ApiToken* find(std::string_view presented) const;
};
ApiTokens read_tokens(const std::string& configuration);
/// An error as a sentence, or empty.
std::string write_tokens(const std::string& configuration, const std::vector<ApiToken>& tokens);

/// A new token, and what its owner presents; that is known nowhere else.
struct NewApiToken {
  ApiToken token;
  std::string presented;
};
NewApiToken make_token(const std::string& name, ApiRole role);

}  // namespace lockstep::prod

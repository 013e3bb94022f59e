#include "prod/api/tokens.h"

#include "io/tls/credentials.h"
#include "prod/config/toml_section.h"
#include "prod/setup/files.h"
#include "prod/setup/join_token.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include <openssl/sha.h>

namespace lockstep::prod {

namespace {

constexpr std::array<std::string_view, 3> role_names = {"monitor", "control", "admin"};

std::string hash_of(std::string_view salt, std::string_view secret) {
  const std::string text = std::string(salt) + "." + std::string(secret);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hash;
  for (const unsigned char byte : digest) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    hash += digits.data();
  }
  return hash;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

std::string path_in(const std::string& configuration) {
  return configuration + "/" + tls::credentials_folder + "/" + tokens_file;
}

std::optional<ApiToken> parse_line(const std::string& line) {
  std::istringstream words(line);
  ApiToken token;
  std::string role;
  std::string rest;
  if (!(words >> token.name >> role >> token.created >> token.salt >> token.hash) || words >> rest) return std::nullopt;
  const auto parsed = parse_role(role);
  if (!parsed || !is_name(token.name) || token.hash.size() != 2 * std::size_t{SHA256_DIGEST_LENGTH})
    return std::nullopt;
  token.role = *parsed;
  return token;
}

}  // namespace

std::string_view to_string(ApiRole role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<ApiRole> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < role_names.size(); ++i) {
    if (role_names[i] == text) return static_cast<ApiRole>(i);
  }
  return std::nullopt;
}

const ApiToken* ApiTokens::find(std::string_view presented) const {
  const std::size_t dot = presented.find('.');
  const std::string_view name = presented.substr(0, dot);
  const std::string_view secret = dot == std::string_view::npos ? std::string_view() : presented.substr(dot + 1);
  const ApiToken* named = nullptr;
  for (const ApiToken& token : tokens) {
    if (token.name == name) named = &token;
  }
  const std::string computed = hash_of(named == nullptr ? std::string_view() : named->salt, secret);
  const bool same = same_secret(computed, named == nullptr ? std::string_view() : named->hash);
  return same ? named : nullptr;
}

ApiTokens read_tokens(const std::string& configuration) {
  const std::string path = path_in(configuration);
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT) return {};
    return {{}, path + " cannot be read: " + std::strerror(errno)};
  }
  struct stat info {};
  constexpr mode_t of_others = 077;
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & of_others) != 0) {
    return {{}, path + " is open to others than root: \"chmod 600 " + path + "\""};
  }
  ApiTokens read;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    auto token = parse_line(line);
    if (!token) {
      return {{},
              path + ":" + std::to_string(number) +
                  ":1: this is no token: remove the line, and make a new one with \"lockstep token add\""};
    }
    read.tokens.push_back(std::move(*token));
  }
  return read;
}

std::string write_tokens(const std::string& configuration, const std::vector<ApiToken>& tokens) {
  std::string text = "# Of the HTTP API: name, role, day, salt, hash. \"lockstep token\" changes it.\n";
  for (const ApiToken& token : tokens) {
    text += token.name + " " + std::string(to_string(token.role)) + " " + token.created + " " + token.salt + " " +
            token.hash + "\n";
  }
  return write_files(configuration, {{std::string(tls::credentials_folder) + "/" + tokens_file, text, 0600}});
}

NewApiToken make_token(const std::string& name, ApiRole role) {
  const std::string secret = random_secret();
  const std::string salt = random_secret();
  return {{name, role, today(), salt, hash_of(salt, secret)}, name + "." + secret};
}

}  // namespace lockstep::prod

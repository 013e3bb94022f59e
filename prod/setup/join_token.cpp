#include "prod/setup/join_token.h"

#include "engine/values/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace lockstep::prod {

namespace {

constexpr std::string_view version = "lockstep1";
constexpr std::size_t fingerprint_digits = 64;
constexpr std::size_t secret_bytes = 16;

bool is_hexadecimal(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string to_string(const JoinToken& token) {
  return std::string(version) + "/" + token.place + "/" + token.address + "/" + std::to_string(token.port) + "/" +
         std::to_string(token.expires) + "/" + token.fingerprint + "/" + token.secret;
}

std::variant<JoinToken, std::string> parse_join_token(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.front() != version) {
    return "this is no token of \"lockstep invite\": it begins with \"" + std::string(version) + "/\"";
  }
  constexpr std::size_t fields = 7;
  JoinToken token;
  if (parts.size() != fields || !read_number(parts[3], token.port) || !read_number(parts[4], token.expires) ||
      !is_hexadecimal(parts[5], fingerprint_digits) || !is_hexadecimal(parts[6], 2 * secret_bytes)) {
    return "this token is damaged: copy all of it, it is one word";
  }
  token.place = parts[1];
  token.address = parts[2];
  token.fingerprint = parts[5];
  token.secret = parts[6];
  return token;
}

std::string random_secret() {
  std::array<unsigned char, secret_bytes> bytes{};
  LOCKSTEP_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "the system gives random numbers");
  std::string text;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    text += digits.data();
  }
  return text;
}

bool same_secret(std::string_view a, std::string_view b) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest_a{};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest_b{};
  SHA256(reinterpret_cast<const unsigned char*>(a.data()), a.size(), digest_a.data());
  SHA256(reinterpret_cast<const unsigned char*>(b.data()), b.size(), digest_b.data());
  return CRYPTO_memcmp(digest_a.data(), digest_b.data(), digest_a.size()) == 0;
}

}  // namespace lockstep::prod

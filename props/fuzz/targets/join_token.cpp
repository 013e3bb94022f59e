// What a machine that joins is given, on its command line.
#include "prod/setup/join_token.h"

#include "engine/values/check.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto parsed = prod::parse_join_token(input.text());
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    LOCKSTEP_CHECK(!error->empty(), "a mistake is named");
    return false;
  }
  const auto& token = std::get<prod::JoinToken>(parsed);
  const auto again = prod::parse_join_token(to_string(token));
  LOCKSTEP_CHECK(std::holds_alternative<prod::JoinToken>(again) && std::get<prod::JoinToken>(again) == token,
                 "a token comes back");
  return true;
}

std::vector<Buffer> seeds() {
  prod::JoinToken token;
  token.place = "second";
  token.address = "10.0.1.1";
  token.port = 7702;
  token.expires = 1'800'000'000;
  token.fingerprint = std::string(64, 'a');
  token.secret = std::string(32, '0');
  prod::JoinToken witness = token;
  witness.place = "witness";
  witness.address = "2001:db8::1";
  return {Buffer::copy_of(to_string(token)), Buffer::copy_of(to_string(witness) + " \n")};
}

}  // namespace

const Target join_token{"join_token", accepts, seeds, 256, 25'000};

}  // namespace lockstep::fuzz

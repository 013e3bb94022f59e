#include "io/tls/credentials.h"
#include "prod/config/toml_section.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/secure_channel.h"

#include <cerrno>
#include <cstring>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/x509_vfy.h>

namespace lockstep::prod {

namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds exchange_time_max{10'000};

/// The authority that the token names, if the other end is its first server; else why not.
std::variant<tls::Certificate, std::string> authority_of(const std::vector<tls::Certificate>& chain,
                                                         const JoinToken& token) {
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (chain[i].fingerprint() != token.fingerprint) continue;
    const tls::Certificate::Verification verification = chain.front().verify(chain[i]);
    if (verification.code != X509_V_OK) {
      return "shows a certificate that is not accepted (" + verification.text + "): if the clocks of both machines " +
             "are right, run \"lockstep renew\" there";
    }
    const auto identity = chain.front().identity();
    if (!identity || identity->place != "first") return "is not the first server of the cluster";
    return chain[i];
  }
  return "is not the server that this token is of: nothing was told to it. Make a new token there, and see who "
         "answers at that address";
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_string() ? std::string(value->as_string().data(), value->as_string().size())
                                                : std::string();
}

std::variant<Joined, std::string> take(const json::object& answer, const JoinToken& token,
                                       const tls::Certificate& authority, const tls::Key& key) {
  if (std::string error = text_of(answer, "error"); !error.empty()) return error;
  const auto certificate = tls::Certificate::from_pem(text_of(answer, "certificate"));
  const std::string cluster = text_of(answer, "cluster");
  const bool good = certificate && !cluster.empty() && certificate->is_of(key) &&
                    certificate->verify(authority).code == X509_V_OK && certificate->identity() &&
                    certificate->identity()->place == token.place;
  if (!good) return "it answered with what is no certificate for this machine: use one version everywhere";
  Joined joined;
  joined.cluster = certificate->identity()->cluster;
  const std::string folder = std::string(tls::credentials_folder) + "/";
  joined.keys = {{folder + tls::authority_file, authority.pem(), 0644},
                 {folder + tls::key_file, key.pem(), 0600},
                 {folder + tls::certificate_file, certificate->pem(), 0644}};
  joined.configuration = {{"cluster.toml", cluster, 0644}};
  const json::value* modules = answer.if_contains("modules");
  if (modules != nullptr && modules->is_object()) {
    for (const auto& [name, text] : modules->get_object()) {
      const std::string module(name.data(), name.size());
      if (!is_name(module) || !text.is_string()) continue;
      joined.configuration.push_back(
          {"modules/" + module + ".toml", std::string(text.as_string().data(), text.as_string().size()), 0644});
    }
  }
  return joined;
}

}  // namespace

std::variant<Joined, std::string> join(const JoinToken& token) {
  const std::string who = "the first server at " + token.address + ":" + std::to_string(token.port) + " ";
  const int socket = dial(token.address, token.port, exchange_time_max);
  if (socket < 0) {
    return who + "cannot be reached: " + std::strerror(errno) +
           ": \"lockstep invite\" must still be running there, and the port be open to this machine";
  }
  SecureChannel channel(socket, tls::Context::unverified(), tls::End::dialing, exchange_time_max);
  if (const std::string error = channel.handshake(); !error.empty()) return who + error;
  const auto authority = authority_of(channel.stream().chain(), token);
  if (const auto* error = std::get_if<std::string>(&authority)) return who + *error;

  const tls::Key key = tls::Key::generate();
  const json::object request = {{"place", token.place}, {"secret", token.secret}, {"request", tls::make_request(key)}};
  if (const std::string error = channel.send_line(json::serialize(request)); !error.empty()) return who + error;
  const auto line = channel.receive_line();
  if (!line) return who + channel.error();
  json::error_code error;
  const json::value parsed = json::parse(*line, error);
  if (error || !parsed.is_object()) return who + "gave an unknown answer: use one version everywhere";
  auto joined = take(parsed.get_object(), token, std::get<tls::Certificate>(authority), key);
  if (const auto* refused = std::get_if<std::string>(&joined)) return who + "refused: " + *refused;
  return joined;
}

}  // namespace lockstep::prod

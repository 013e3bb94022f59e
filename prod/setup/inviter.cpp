#include "io/tls/credentials.h"
#include "prod/config/toml_section.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/secure_channel.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace lockstep::prod {

namespace {

namespace json = boost::json;

/// For one machine from its call to its answer; the others wait meanwhile.
constexpr std::chrono::milliseconds exchange_time_max{5000};

std::string refusal(const std::string& text) { return json::serialize(json::object{{"error", text}}); }

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_string() ? std::string(value->as_string().data(), value->as_string().size())
                                                : std::string();
}

json::object module_files(const std::string& configuration) {
  json::object files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(configuration + "/modules", error)) {
    const auto& path = entry.path();
    if (path.extension() == ".toml" && is_name(path.stem().string())) files[path.stem().string()] = read_text(path);
  }
  return files;
}

}  // namespace

Place place_of(const ClusterConfiguration& cluster, NodeId node) {
  const NodeConfiguration& own = cluster.node(node);
  return {std::string(to_string(node)), own.name, {own.name, own.address, "localhost", "127.0.0.1"}};
}

Place witness_place(const ClusterConfiguration& cluster) {
  return {"witness", "the witness", {cluster.witness_address}};
}

Inviter::Inviter(Options options, Say say)
    : options_(std::move(options)), tls_(options_.credentials, tls::Peers::anybody), say_(std::move(say)) {}

Inviter::~Inviter() {
  if (listener_ >= 0) ::close(listener_);
}

std::string Inviter::listen(std::uint16_t port) {
  listener_ = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  sockaddr_in any4{};
  any4.sin_family = AF_INET;
  any4.sin_port = htons(port);
  const int off = 0;
  const int on = 1;
  bool bound = false;
  if (listener_ >= 0) {
    ::setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
  }
  if (!bound && errno != EADDRINUSE) {  // a machine without IPv6
    if (listener_ >= 0) ::close(listener_);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&any4), sizeof any4) == 0;
  }
  if (bound && ::listen(listener_, SOMAXCONN) == 0) return {};
  return "cannot listen at port " + std::to_string(port) + ": " + std::strerror(errno) +
         ": choose another with --port, or end the program that has it (\"ss -ltnp\" shows which)";
}

std::uint16_t Inviter::port() const {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);  // at the same place in both kinds
}

JoinToken Inviter::invite(const Place& place, const std::string& address, std::int64_t seconds) {
  const JoinToken token{place.place,
                        address,
                        port(),
                        static_cast<std::int64_t>(std::time(nullptr)) + seconds,
                        options_.authority.certificate.fingerprint(),
                        random_secret()};
  invitations_.push_back({token, place, false});
  return token;
}

bool Inviter::serve() {
  while (true) {
    const auto open = [now = std::time(nullptr)](const Invitation& invitation) {
      return !invitation.used && invitation.token.expires > now;
    };
    if (std::none_of(invitations_.begin(), invitations_.end(), open)) break;
    pollfd descriptor{listener_, POLLIN, 0};
    constexpr int look_again_ms = 1000;
    if (::poll(&descriptor, 1, look_again_ms) <= 0) continue;
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    const int socket = ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
    if (socket < 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = address.sin6_family == AF_INET;
    const void* place = v4 ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&address)->sin_addr)
                           : static_cast<const void*>(&address.sin6_addr);
    ::inet_ntop(address.sin6_family, place, text.data(), text.size());
    std::string remote = text.data();
    if (remote.starts_with("::ffff:")) remote.erase(0, 7);
    answer(socket, remote);
  }
  return std::all_of(invitations_.begin(), invitations_.end(), [](const Invitation& each) { return each.used; });
}

void Inviter::answer(int socket, const std::string& remote) {
  SecureChannel channel(socket, tls_, tls::End::answering, exchange_time_max);
  if (const std::string error = channel.handshake(); !error.empty()) return say_(remote + " called, but " + error);
  const auto line = channel.receive_line();
  if (!line) return say_(remote + " called, but " + channel.error());
  const std::string said = answer_to(*line, remote);
  if (const std::string error = channel.send_line(said); !error.empty()) {
    say_(remote + " did not hear the answer: " + error + "; if it has not joined, invite it again");
  }
}

std::string Inviter::answer_to(const std::string& line, const std::string& remote) {
  const auto turn_away = [&](const std::string& text) {
    say_(remote + " was turned away: " + text);
    return refusal(text);
  };
  json::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return turn_away("it does not speak this language: use one version everywhere");
  const json::object& request = parsed.get_object();
  const std::string place = text_of(request, "place");
  const std::string secret = text_of(request, "secret");
  const auto found = std::find_if(invitations_.begin(), invitations_.end(), [&](const Invitation& invitation) {
    return same_secret(invitation.token.secret, secret);
  });
  if (found == invitations_.end()) {
    return turn_away("this token was not given by the command that runs now: use the one that it has printed");
  }
  if (found->token.place != place) {
    return turn_away("this token is for the " + found->token.place + ", and not for the " + place);
  }
  if (found->used) return turn_away("this token was used already: run \"lockstep invite\" for another");
  if (found->token.expires <= std::time(nullptr)) {
    return turn_away("this token has expired: run \"lockstep invite\" for another");
  }
  const auto key = tls::key_of_request(text_of(request, "request"));
  if (!key) return turn_away("its request for a certificate is damaged: use one version everywhere");
  found->used = true;
  const tls::Certificate certificate = options_.authority.issue({options_.cluster.name, found->token.place},
                                                                found->place.name, found->place.hosts, *key);
  json::object answer = {{"certificate", certificate.pem()},
                         {"authority", options_.authority.certificate.pem()},
                         {"cluster", read_text(options_.configuration + "/cluster.toml")}};
  if (place != "witness") answer["modules"] = module_files(options_.configuration);
  say_(remote + " has joined as the " + found->token.place + ", " + found->place.name);
  return json::serialize(answer);
}

}  // namespace lockstep::prod

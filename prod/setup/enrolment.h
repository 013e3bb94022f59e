// How a machine becomes a member of a cluster. It makes its key itself, which never leaves it; the first server signs a
// certificate for the place that the token was made for, and hands the configuration along.
//
// Over TLS, one line of JSON each way. The joining machine knows the first server by the authority's fingerprint, the
// first server knows the joining one by the secret.
#pragma once

#include "io/tls/certificate.h"
#include "io/tls/context.h"
#include "prod/config/configuration.h"
#include "prod/setup/files.h"
#include "prod/setup/join_token.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::prod {

/// A place of the cluster, and what it is called: "second", "s2".
struct Place {
  std::string place;
  std::string name;
  std::vector<std::string> hosts;  ///< names and addresses under which it answers
};
Place place_of(const ClusterConfiguration& cluster, NodeId node);
Place witness_place(const ClusterConfiguration& cluster);

/// What the first server gives to whoever has the secret.
struct Invitation {
  JoinToken token;
  Place place;
  bool used = false;
};

/// The answering end, for as long as a command runs. Used by one thread.
class Inviter {
 public:
  struct Options {
    ClusterConfiguration cluster;
    std::string configuration;  ///< its directory: what is in it when a machine joins is handed out
    tls::Authority authority;
    tls::Credentials credentials;
  };
  using Say = std::function<void(const std::string&)>;

  /// `say` hears of every machine that has joined or was turned away.
  Inviter(Options options, Say say);
  ~Inviter();
  Inviter(const Inviter&) = delete;
  Inviter& operator=(const Inviter&) = delete;

  /// Listens at all addresses of this machine; `port` 0 takes a free one. An error as a sentence, or empty.
  std::string listen(std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

  /// `address`: where the joining machine reaches this one.
  JoinToken invite(const Place& place, const std::string& address, std::int64_t seconds);
  /// Answers until every invitation was used (true) or has expired (false).
  bool serve();

 private:
  void answer(int socket, const std::string& remote);
  std::string answer_to(const std::string& line, const std::string& remote);

  const Options options_;
  const tls::Context tls_;
  const Say say_;
  int listener_ = -1;
  std::vector<Invitation> invitations_;
};

/// What has come of a token: files to be written, or why not, as a sentence.
struct Joined {
  std::string cluster;
  std::vector<NewFile> keys;           ///< ca.crt, node.crt, node.key
  std::vector<NewFile> configuration;  ///< cluster.toml; for a server modules/*.toml
};
std::variant<Joined, std::string> join(const JoinToken& token);

}  // namespace lockstep::prod

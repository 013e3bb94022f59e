#include "io/tls/credentials.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/setup.h"

#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <iostream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lockstep::prod {

namespace {

bool complain(const std::string& text) {
  std::cerr << "lockstep invite: " << text << "\n";
  return false;
}

/// The address of this machine from which packets to `remote` leave: there it can be reached by it, too.
std::string address_towards(const std::string& remote) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(join_port_default);
  if (::inet_pton(AF_INET, remote.c_str(), &target.sin_addr) != 1) return {};
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  socklen_t size = sizeof own;
  std::array<char, INET_ADDRSTRLEN> text{};
  // Nothing is sent: a connected datagram socket only asks for the route.
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0 &&
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0) {
    ::inet_ntop(AF_INET, &own.sin_addr, text.data(), text.size());
  }
  ::close(socket);
  return text.data();
}

struct Guest {
  Place place;
  std::string address;  ///< of that machine
};

/// Nothing if one of the names means none.
std::vector<Guest> guests_of(const InviteOptions& options, const ClusterConfiguration& cluster) {
  const Guest second{place_of(cluster, NodeId::second), cluster.node(NodeId::second).address};
  const bool has_witness = !cluster.witness_address.empty();
  if (options.places.empty() && !has_witness) return {second};
  const Guest witness{witness_place(cluster), cluster.witness_address};
  if (options.places.empty()) return {second, witness};
  std::vector<Guest> guests;
  for (const std::string& name : options.places) {
    if (name == "second" || name == second.place.name) {
      guests.push_back(second);
    } else if (name == "witness" && !has_witness) {
      complain(cluster.etcd ? "cluster.toml has [etcd]: etcd is the third vote, and no witness joins"
                            : "cluster.toml has no [witness]: add it with its address on this server first");
      return {};
    } else if (name == "witness") {
      guests.push_back(witness);
    } else {
      complain("\"" + name + "\" is none of the machines that can join: " +
               (has_witness ? second.place.name + " and witness are" : "only " + second.place.name + " is"));
      return {};
    }
  }
  return guests;
}

void print_token(const Guest& guest, const JoinToken& token, int minutes) {
  const bool witness = guest.place.place == "witness";
  std::cout << "On " << (witness ? "the witness's machine" : guest.place.name) << ", within " << minutes
            << " minutes (with --keys-only if it was set up before):\n\n  "
            << (witness ? "lockstep-witness" : "lockstep") << " join " << to_string(token) << "\n\n";
}

}  // namespace

bool run_invite(const InviteOptions& options) {
  const LoadedConfiguration loaded = load_configuration(options.configuration, LoadScope::cluster_only);
  for (const ConfigurationError& error : loaded.errors) complain(to_string(error));
  if (!loaded.errors.empty()) return false;
  const ClusterConfiguration& cluster = loaded.configuration.cluster;
  auto authority = tls::load_authority(options.configuration);
  if (!authority.authority) return complain(authority.problem);
  auto keys = tls::load_credentials(options.configuration, {cluster.name, std::string(to_string(NodeId::first))});
  for (const std::string& problem : keys.problems) complain(problem);
  if (!keys.credentials) return false;
  const std::vector<Guest> guests = guests_of(options, cluster);
  if (guests.empty()) return false;

  Inviter inviter({cluster, options.configuration, std::move(*authority.authority), std::move(*keys.credentials)},
                  [](const std::string& text) { std::cout << text << std::endl; });
  if (const std::string error = inviter.listen(options.port); !error.empty()) return complain(error);
  for (const Guest& guest : guests) {
    std::string address = options.address.empty() ? address_towards(guest.address) : options.address;
    if (address.empty()) address = cluster.node(NodeId::first).address;
    constexpr std::int64_t minute = 60;
    print_token(guest, inviter.invite(guest.place, address, options.minutes * minute), options.minutes);
  }
  std::cout << "Waiting until they have joined, at port " << inviter.port()
            << ". A token is good once and ends with this command; \"lockstep invite\" makes others." << std::endl;
  if (inviter.serve()) return true;
  return complain("the time is over and not all have joined: \"lockstep invite\" makes new tokens");
}

}  // namespace lockstep::prod

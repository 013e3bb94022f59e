// "lockstep init", "invite", "join" and "renew": from two servers, and mostly a third machine, to a cluster with keys.
//
// Each prints what it has done to standard output, what is wrong to standard error, and is true if all went well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::prod {

inline constexpr std::uint16_t join_port_default = 7791;
inline constexpr int invitation_minutes_default = 60;

/// How machines reach the server that invites them.
struct InviteOptions {
  std::string configuration = "/etc/lockstep";
  std::vector<std::string> places;  ///< "second", "witness", or a node's name; none: all that there are
  std::string address;              ///< of this server, as they see it; empty: that of the route to each
  std::uint16_t port = join_port_default;
  int minutes = invitation_minutes_default;
};

struct InitOptions {
  InviteOptions invite;
  std::string name;
  std::vector<std::string> nodes;  ///< "s1=10.0.1.1", this server first
  std::string witness;             ///< "10.0.0.3" or "10.0.0.3:7790"; or, instead of it:
  std::vector<std::string> etcd;   ///< "10.0.0.3:2379" for each server of an etcd that is there; or:
  bool no_witness = false;         ///< nobody has a third vote
  std::string module;              ///< with `directory`, or neither
  std::string directory;
  std::string service;     ///< what the module runs: a systemd unit,
  std::string container;   ///< or a container,
  std::string domain;      ///< or a libvirt domain; one of them at most
  std::string postgresql;  ///< instead of these: a module that runs PostgreSQL on this directory
  std::uint16_t module_port = 7701;
  bool start = true;  ///< the service of this machine, see starts_service
  bool wait = true;   ///< for both other machines
  bool force = false;
};

struct JoinOptions {
  std::string configuration = "/etc/lockstep";
  std::string token;       ///< "-": a line of standard input
  bool force = false;      ///< replace what is there
  bool keys_only = false;  ///< leave the configuration files as they are
  bool start = true;       ///< the service of this machine, see starts_service
};

enum class Joining : std::uint8_t { server, witness };

/// Writes the files; the invitation is the caller's next step.
bool run_init(const InitOptions& options);
bool run_invite(const InviteOptions& options);
/// `who`: which program was called, since a token is for one of the two.
bool run_join(const JoinOptions& options, Joining who);
/// On the server that has the authority's key: a new certificate for its own key.
bool run_renew(const std::string& configuration);

}  // namespace lockstep::prod

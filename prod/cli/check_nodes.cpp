#include "prod/cli/check_nodes.h"

#include "io/tls/credentials.h"
#include "prod/cli/json_fields.h"
#include "prod/common/wall_time.h"
#include "prod/config/compare_files.h"
#include "prod/setup/secure_channel.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace lockstep::prod {

namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds answer_time_max{10'000};
/// The other end of TLS 1.3 looks at this machine's certificate after this one's handshake has ended: it says so at
/// once.
constexpr std::chrono::milliseconds refusal_time_max{1'000};

struct Answer {
  json::object said;
  std::int64_t asked_ms = 0;
  std::int64_t answered_ms = 0;
};

void look_at_certificate(const std::string& who, const tls::Certificate& certificate, const std::string& place,
                         MachineCheck& check) {
  const auto identity = certificate.identity();
  if (identity && identity->place != place) {
    check.problems.push_back(who + " shows the certificate of the " + identity->place + ", and the " + place +
                             " was expected: correct the addresses in cluster.toml");
  }
  const std::int64_t days = certificate.days_left();
  if (days >= tls::renewal_days) return;
  check.warnings.push_back(who + " has a certificate that expires on " + certificate.last_day() + ", in " +
                           std::to_string(days) + " days: " +
                           (place == "first" ? "run \"lockstep renew\" there"
                                             : "run \"lockstep invite\" on the cluster's first server, and what it "
                                               "prints there with --keys-only"));
}

/// The body of the answer, or why there is none, to follow the machine's name.
std::variant<Answer, std::string> ask(SecureChannel& channel) {
  Answer answer;
  answer.asked_ms = wall_clock_ms();
  std::string failed = channel.send_line("GET /v1/configuration HTTP/1.1\r\nHost: lockstep\r\nConnection: close\r\n\r");
  if (!failed.empty()) return failed;
  std::optional<std::string> line = channel.receive_line();
  answer.answered_ms = wall_clock_ms();
  const std::string status = line.value_or("");
  while (line && *line != "\r") line = channel.receive_line();
  if (line) line = channel.receive_line();
  if (!line) return channel.error();
  json::error_code error;
  json::value parsed = json::parse(*line, error);
  if (status.find(" 200 ") == std::string::npos || error || !parsed.is_object()) {
    return "does not say what its configuration is (" + status.substr(0, status.find('\r')) +
           "): upgrade it, if it runs an earlier release; otherwise its log has the reason";
  }
  answer.said = std::move(parsed.get_object());
  return answer;
}

void compare(const std::string& who, const Answer& answer, const std::string& configuration, MachineCheck& check) {
  const std::string version = text_of(answer.said, "version");
  if (version != LOCKSTEP_VERSION) {
    check.problems.push_back(who + " runs Lockstep " + version + ", and this machine has " LOCKSTEP_VERSION +
                             ": upgrade the older one");
  }
  const auto theirs = static_cast<std::int64_t>(number_of(answer.said, "time_ms"));
  const std::int64_t apart = theirs - (answer.asked_ms + answer.answered_ms) / 2;
  if (std::abs(apart) > clock_difference_max_ms + (answer.answered_ms - answer.asked_ms)) {
    check.problems.push_back("the clock of " + who + " is " + std::to_string(std::abs(apart) / 1000) + " s " +
                             (apart > 0 ? "ahead of" : "behind") +
                             " this machine's: let both keep the time (\"timedatectl set-ntp true\")");
  }
  ConfigurationTexts files;
  for (const auto& [file, text] : object_of(answer.said, "files")) {
    if (text.is_string()) files[std::string(file)] = std::string(text.get_string());
  }
  for (ConfigurationDifference& each : compare_files(read_configuration_texts(configuration), files, who)) {
    (each.wrong ? check.problems : check.warnings).push_back(std::move(each.text));
  }
  if (const std::string changed = list_of(answer.said, "changed"); !changed.empty()) {
    check.warnings.push_back(who + " runs with what was in its files before: " + changed +
                             " was changed since; \"lockstep reload\" there takes it, or says what needs a restart");
  }
}

std::string unreachable(const std::string& who, const std::string& place, const std::string& reason, const char* unit) {
  return who + " cannot be reached at " + place + " (" + reason + "): start " + unit +
         " there, or open the port to this machine";
}

std::string unreachable(const std::string& who, const std::string& address, std::uint16_t port, const char* unit) {
  return unreachable(who, address + ":" + std::to_string(port), std::strerror(errno), unit);
}

void check_server(const std::string& configuration, const ClusterConfiguration& cluster, NodeId other,
                  const tls::Context& context, MachineCheck& check) {
  const NodeConfiguration& node = cluster.node(other);
  const int socket = dial(node.address, cluster.api_port, answer_time_max);
  if (socket < 0) {
    check.problems.push_back(unreachable(node.name, node.address, cluster.api_port, "lockstepd"));
    return;
  }
  SecureChannel channel(socket, context, tls::End::dialing, answer_time_max);
  if (const std::string failed = channel.handshake(); !failed.empty()) {
    check.problems.push_back(node.name + " " + failed);
    return;
  }
  look_at_certificate(node.name, channel.stream().chain().front(), std::string(to_string(other)), check);
  const auto answer = ask(channel);
  if (const auto* failed = std::get_if<std::string>(&answer)) {
    check.problems.push_back(node.name + " " + *failed);
  } else {
    compare(node.name, std::get<Answer>(answer), configuration, check);
  }
}

void check_witness(const ClusterConfiguration& cluster, const tls::Context& context, MachineCheck& check) {
  const std::string who = "the witness";
  const int socket = dial(cluster.witness_address, cluster.witness_port, answer_time_max);
  if (socket < 0) {
    check.problems.push_back(unreachable(who, cluster.witness_address, cluster.witness_port, "lockstep-witness"));
    return;
  }
  SecureChannel channel(socket, context, tls::End::dialing, refusal_time_max);
  std::string failed = channel.handshake();
  if (failed.empty()) {
    look_at_certificate(who, channel.stream().chain().front(), "witness", check);
    // It says nothing before it is asked, unless it turns this machine away.
    channel.receive_line();
    if (channel.refused()) failed = channel.error();
  }
  if (!failed.empty()) check.problems.push_back(who + " " + failed);
}

/// Why nobody can be called there, or empty.
std::string why_not(const io::EtcdServer& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(server.host.c_str(), nullptr, &hints, &found); error != 0) {
    return ::gai_strerror(error);
  }
  std::string reason = "it has no address";
  for (const addrinfo* each = found; each != nullptr && !reason.empty(); each = each->ai_next) {
    std::array<char, NI_MAXHOST> address{};
    ::getnameinfo(each->ai_addr, each->ai_addrlen, address.data(), address.size(), nullptr, 0, NI_NUMERICHOST);
    const int socket = dial(address.data(), server.port, answer_time_max);
    reason = socket < 0 ? std::strerror(errno) : "";
    if (socket >= 0) ::close(socket);
  }
  ::freeaddrinfo(found);
  return reason;
}

/// While most are there etcd answers.
void check_etcd_servers(const EtcdConfiguration& etcd, MachineCheck& check) {
  std::vector<std::string> missing;
  for (const io::EtcdServer& server : etcd.servers) {
    const std::string reason = why_not(server);
    if (!reason.empty()) missing.push_back(unreachable("etcd", to_string(server), reason, "etcd"));
  }
  const bool answers = missing.size() * 2 < etcd.servers.size();
  for (std::string& each : missing) (answers ? check.warnings : check.problems).push_back(std::move(each));
}

}  // namespace

MachineCheck check_other_nodes(const std::string& configuration, const ClusterConfiguration& cluster, NodeId self) {
  MachineCheck check;
  const auto keys = tls::load_credentials(configuration, {cluster.name, std::string(to_string(self))});
  if (!keys.credentials) return check;  // said by the check of this machine
  const tls::Context context(*keys.credentials);
  check_server(configuration, cluster, other(self), context, check);
  if (cluster.etcd) {
    check_etcd_servers(*cluster.etcd, check);
  } else if (cluster.has_third_vote()) {
    check_witness(cluster, context, check);
  }
  return check;
}

}  // namespace lockstep::prod

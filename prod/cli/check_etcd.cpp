#include "prod/cli/check_etcd.h"

#include "io/tls/credentials.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>

namespace lockstep::prod {

namespace {

/// Nothing, and a problem, if it cannot be read.
std::optional<std::string> read(const std::string& what, const std::string& path, MachineCheck& check) {
  std::error_code ignored;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // A directory opens, and a pipe would be waited for.
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    check.problems.push_back(what + " is no file: correct the setting");
    return std::nullopt;
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.is_open()) return text;
  check.problems.push_back(what + ": " + std::strerror(errno) +
                           (errno == ENOENT ? ": put the file there, or correct the setting" : ""));
  return std::nullopt;
}

std::optional<tls::Certificate> read_certificate(const std::string& key, const std::string& path, MachineCheck& check) {
  const std::string what = "cluster.toml: [etcd] " + key + " " + path;
  const auto pem = read(what, path, check);
  if (!pem) return std::nullopt;
  auto certificate = tls::Certificate::from_pem(*pem);
  if (!certificate) {
    check.problems.push_back(what + " holds no certificate in PEM: correct the setting, or the file");
  } else if (const std::int64_t days = certificate->days_left(); days < 0) {
    check.problems.push_back(what + " expired on " + certificate->last_day() + ": have etcd's authority issue another");
  } else if (days < tls::renewal_days) {
    check.warnings.push_back(what + " expires on " + certificate->last_day() + ", in " + std::to_string(days) +
                             " days: have etcd's authority issue another");
  }
  return certificate;
}

}  // namespace

void check_etcd_files(const EtcdConfiguration& etcd, MachineCheck& check) {
  read_certificate("authority", etcd.authority, check);
  if (etcd.certificate.empty()) return;
  const auto certificate = read_certificate("certificate", etcd.certificate, check);
  const std::string what = "cluster.toml: [etcd] key " + etcd.key;
  struct stat info {};
  constexpr mode_t of_everybody = 07;
  if (::stat(etcd.key.c_str(), &info) == 0 && (info.st_mode & of_everybody) != 0) {
    check.problems.push_back(what + " can be read or written by everybody: \"chmod 600 " + etcd.key +
                             "\", and if somebody may have read it, have etcd's authority issue another");
  }
  const auto pem = read(what, etcd.key, check);
  if (!pem) return;
  const auto key = tls::Key::from_pem(*pem);
  if (!key) {
    check.problems.push_back(what + " holds no private key in PEM without a passphrase: correct the setting, or " +
                             "the file");
  } else if (certificate && !certificate->is_of(*key)) {
    check.problems.push_back(what + " does not belong to the certificate in " + etcd.certificate +
                             ": put both files of one time there");
  }
}

void check_etcd_places(const ClusterConfiguration& cluster, MachineCheck& check) {
  const std::vector<io::EtcdServer>& servers = cluster.etcd->servers;
  for (const NodeConfiguration& node : cluster.nodes) {
    const auto here = static_cast<std::size_t>(
        std::count_if(servers.begin(), servers.end(), [&](const auto& server) { return server.host == node.address; }));
    if (here == 0 || here * 2 < servers.size()) continue;
    check.warnings.push_back(
        "cluster.toml: [etcd] servers: " + std::to_string(here) + " of " + std::to_string(servers.size()) +
        " is on node " + node.name +
        ": when that one fails, etcd may have no majority, and the other node waits; run most of " +
        "etcd elsewhere, and write all of its servers");
  }
}

}  // namespace lockstep::prod

#include "io/tls/credentials.h"

#include "io/tls/openssl.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace lockstep::tls {

namespace {

constexpr const char* how_to_get_them =
    "run \"lockstep init\" on the cluster's first server if it was never set up, otherwise \"lockstep invite\" there "
    "and on this machine what that prints";

class Reader {
 public:
  explicit Reader(const std::string& configuration) : folder_(configuration + "/" + credentials_folder + "/") {}

  std::string path(const char* name) const { return folder_ + name; }

  std::optional<std::string> text(const char* name) {
    std::ifstream file(path(name), std::ios::binary);
    if (!file) {
      const int error = errno;
      problems.push_back(path(name) + (error == ENOENT ? " is missing: " + std::string(how_to_get_them)
                                                       : std::string(" cannot be read: ") + std::strerror(error)));
      return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::optional<Certificate> certificate(const char* name) {
    const auto pem = text(name);
    if (!pem) return std::nullopt;
    auto found = Certificate::from_pem(*pem);
    if (!found) problems.push_back(path(name) + " holds no certificate: " + how_to_get_them);
    return found;
  }

  std::optional<Key> key(const char* name) {
    struct stat info {};
    constexpr mode_t of_others = 077;
    if (::stat(path(name).c_str(), &info) == 0 && (info.st_mode & of_others) != 0) {
      problems.push_back(path(name) + " can be read by others than root: \"chmod 600 " + path(name) +
                         "\", and if somebody may have read it, a new one (" + how_to_get_them + ")");
    }
    const auto pem = text(name);
    if (!pem) return std::nullopt;
    auto found = Key::from_pem(*pem);
    if (!found) problems.push_back(path(name) + " holds no private key: " + how_to_get_them);
    return found;
  }

  std::vector<std::string> problems;

 private:
  const std::string folder_;
};

std::string verification_problem(const Certificate& certificate, const Certificate& authority) {
  const Certificate::Verification verification = certificate.verify(authority);
  switch (verification.code) {
    case X509_V_OK: return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return " expired on " + certificate.last_day() +
             ": run \"lockstep renew\" on the cluster's first server, \"lockstep invite\" there for any other machine";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return " is not valid before " + certificate.first_day() + ": set this machine's clock";
    default:
      return std::string(" is not of the authority in ") + authority_file + " (" + verification.text +
             "): " + how_to_get_them;
  }
}

}  // namespace

LoadedCredentials load_credentials(const std::string& configuration, const Identity& identity) {
  Reader reader(configuration);
  const auto authority = reader.certificate(authority_file);
  const auto certificate = reader.certificate(certificate_file);
  const auto key = reader.key(key_file);
  LoadedCredentials loaded;
  const std::string path = reader.path(certificate_file);
  if (certificate && authority) {
    const std::string problem = verification_problem(*certificate, *authority);
    if (!problem.empty()) reader.problems.push_back(path + problem);
  }
  if (certificate && key && !certificate->is_of(*key)) {
    reader.problems.push_back(path + " does not belong to the key in " + key_file + ": " + how_to_get_them);
  }
  if (certificate) {
    const auto speaks_for = certificate->identity();
    if (!speaks_for) {
      reader.problems.push_back(path + " is for no place of a cluster: " + how_to_get_them);
    } else if (*speaks_for != identity) {
      reader.problems.push_back(path + " is for the " + speaks_for->place + " of cluster \"" + speaks_for->cluster +
                                "\", but this machine is the " + identity.place + " of \"" + identity.cluster +
                                "\": correct cluster.toml, --node or the host's name, or " + how_to_get_them);
    }
    if (const std::int64_t days = certificate->days_left(); days < renewal_days) {
      loaded.warning = path + " expires on " + certificate->last_day() + ", in " + std::to_string(days) +
                       " days: run \"lockstep renew\" on the cluster's first server, and \"lockstep invite\" there " +
                       "for any other machine";
    }
  }
  loaded.problems = std::move(reader.problems);
  if (loaded.problems.empty()) loaded.credentials = Credentials{*authority, *certificate, *key};
  return loaded;
}

LoadedAuthority load_authority(const std::string& configuration) {
  Reader reader(configuration);
  struct stat info {};
  if (::stat(reader.path(authority_key_file).c_str(), &info) != 0 && errno == ENOENT) {
    return {std::nullopt, reader.path(authority_key_file) +
                              " is missing: this is done on the server where \"lockstep init\" was run, which alone " +
                              "has the authority's key"};
  }
  const auto certificate = reader.certificate(authority_file);
  const auto key = reader.key(authority_key_file);
  if (certificate && key && !certificate->is_of(*key)) {
    reader.problems.push_back(reader.path(authority_file) + " does not belong to the key in " + authority_key_file +
                              ": bring back the files of one time from your backup");
  }
  if (!reader.problems.empty()) return {std::nullopt, reader.problems.front()};
  return {Authority{*key, *certificate}, {}};
}

}  // namespace lockstep::tls

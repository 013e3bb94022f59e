#include "io/tls/credentials.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/files.h"
#include "prod/setup/service_start.h"
#include "prod/setup/setup.h"

#include <iostream>

namespace lockstep::prod {

namespace {

bool complain(const std::string& text) {
  std::cerr << "lockstep: " << text << "\n";
  return false;
}

/// Before the token is used up: what would be replaced, and was not said to be.
bool may_write(const JoinOptions& options) {
  if (options.force) return true;
  std::vector<NewFile> files;
  if (!options.keys_only) {
    files.push_back({"cluster.toml", {}});
    files.push_back({std::string(tls::credentials_folder) + "/" + tls::key_file, {}});
  }
  const auto there = existing(options.configuration, files);
  if (there.empty()) return true;
  return complain(there.front() + " exists: this machine was set up before. --keys-only gets it a new key and " +
                  "certificate and leaves its configuration; --force replaces that, too (what is replaced is kept as " +
                  "FILE.old)");
}

void say_what_next(const JoinOptions& options, Joining who) {
  const std::string unit = who == Joining::witness ? "lockstep-witness" : "lockstepd";
  if (options.keys_only) {
    std::cout << "They count when " << unit << " is restarted: systemctl restart " << unit << "\n";
  } else if (starts_service(options.configuration, options.start)) {
    return;
  } else if (who == Joining::witness) {
    std::cout << "Now: systemctl enable --now lockstep-witness\n";
  } else {
    std::cout << "Now: lockstep"
              << (options.configuration == configuration_default ? "" : " --config " + options.configuration)
              << " check, and if that finds nothing: systemctl enable --now lockstepd\n";
  }
}

}  // namespace

bool run_join(const JoinOptions& options, Joining who) {
  std::string text = options.token;
  if (text == "-") std::getline(std::cin, text);
  const auto parsed = parse_join_token(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) return complain(*error);
  const auto& token = std::get<JoinToken>(parsed);
  const bool for_witness = token.place == "witness";
  if (for_witness != (who == Joining::witness)) {
    return complain("this token is for the " + token.place + ": give it to \"" +
                    (for_witness ? "lockstep-witness" : "lockstep") + " join\" on that machine");
  }
  if (!may_write(options)) return false;
  const auto result = join(token);
  if (const auto* error = std::get_if<std::string>(&result)) return complain(*error);
  const auto& joined = std::get<Joined>(result);
  std::vector<NewFile> files = joined.keys;
  if (!options.keys_only) files.insert(files.end(), joined.configuration.begin(), joined.configuration.end());
  if (const std::string error = write_files(options.configuration, files); !error.empty()) {
    return complain(error + ". The token is used up: when that is put right, run \"lockstep invite\" again");
  }
  std::cout << "This machine has joined cluster \"" << joined.cluster << "\" as the " << token.place << ":\n";
  for (const NewFile& file : files) std::cout << "  " << options.configuration << "/" << file.path << "\n";
  say_what_next(options, who);
  return true;
}

bool run_renew(const std::string& configuration) {
  const LoadedConfiguration loaded = load_configuration(configuration, LoadScope::cluster_only);
  for (const ConfigurationError& error : loaded.errors) complain(to_string(error));
  if (!loaded.errors.empty()) return false;
  const auto authority = tls::load_authority(configuration);
  if (!authority.authority) return complain(authority.problem);
  const std::string folder = std::string(tls::credentials_folder) + "/";
  const auto key = tls::Key::from_pem(read_text(configuration + "/" + folder + tls::key_file));
  if (!key)
    return complain(configuration + "/" + folder + tls::key_file +
                    " holds no private key: bring it back from your backup");
  const ClusterConfiguration& cluster = loaded.configuration.cluster;
  const Place first = place_of(cluster, NodeId::first);
  const tls::Certificate certificate =
      authority.authority->issue({cluster.name, first.place}, first.name, first.hosts, *key);
  const std::string error = write_files(configuration, {{folder + tls::certificate_file, certificate.pem(), 0644}});
  if (!error.empty()) return complain(error);
  std::cout << "The certificate of " << first.name << " is now valid until " << certificate.last_day()
            << "; lockstepd takes it when it is restarted.\nFor the other machines: \"lockstep invite\", and \"join "
            << "TOKEN --keys-only\" there.\n";
  return true;
}

}  // namespace lockstep::prod

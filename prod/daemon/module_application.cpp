#include "prod/daemon/module_application.h"

#include <sstream>

namespace lockstep::prod {

namespace {

constexpr char address_end = '%';  ///< and the interface follows

}  // namespace

io::ScriptApplicationOptions application_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module,
                                                 NodeId self) {
  io::ScriptApplicationOptions options{module.name, cluster.node(self).name, module.directory, cluster.state_directory,
                                       module.commands};
  options.note_path = cluster.run_directory + "/" + module.name + ".application";
  options.processes_path = cluster.run_directory + "/" + module.name + ".processes";
  if (module.runner) {
    options.runner = std::string(to_string(module.runner->kind)) + " " + module.runner->name;
    options.take_back = runner_command(*module.runner, "take_back");
  }
  // Also where the files name nothing any more: an earlier daemon may have asked.
  options.asked_path = cluster.run_directory + "/" + module.name + ".asked";
  for (const io::ServiceAddress& address : module.addresses) {
    options.addresses += to_string(address.address) + address_end + address.interface + " ";
  }
  return options;
}

std::vector<io::ServiceAddress> known_addresses(const ModuleConfiguration& module,
                                                const io::ScriptApplicationOptions& application) {
  std::vector<io::ServiceAddress> known = module.addresses;
  std::istringstream noted(io::ScriptApplication::noted_addresses(application));
  for (std::string each; noted >> each;) {
    const std::size_t end = each.find(address_end);
    if (const auto address = io::parse_interface_address(each.substr(0, end))) {
      known.push_back({*address, end == std::string::npos ? std::string() : each.substr(end + 1)});
    }
  }
  return known;
}

std::string lease_path(const ClusterConfiguration& cluster, const ModuleConfiguration& module) {
  return cluster.run_directory + "/" + module.name + ".lease";
}

}  // namespace lockstep::prod

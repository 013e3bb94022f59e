#include "prod/daemon/module_application.h"

namespace lockstep::prod {

io::ScriptApplicationOptions application_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module,
                                                 NodeId self) {
  io::ScriptApplicationOptions options{module.name, cluster.node(self).name, module.directory, cluster.state_directory,
                                       module.commands};
  options.note_path = cluster.run_directory + "/" + module.name + ".application";
  for (const io::ServiceAddress& address : module.addresses) {
    options.addresses += to_string(address.address) + "%" + address.interface + " ";
  }
  return options;
}

std::string lease_path(const ClusterConfiguration& cluster, const ModuleConfiguration& module) {
  return cluster.run_directory + "/" + module.name + ".lease";
}

}  // namespace lockstep::prod

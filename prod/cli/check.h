// "lockstep check": would lockstepd start here, and if not, everything that is in its way. Starts and changes nothing.
#pragma once

#include "prod/config/configuration.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// What is wrong apart from the files' text, each as a sentence with a remedy: keys, addresses, ports, directories.
struct MachineCheck {
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

/// While lockstepd runs here its ports are taken and its directories covered, by itself: those are not looked at.
MachineCheck check_machine(const std::string& configuration, const ConfigurationFiles& files, NodeId self);

}  // namespace lockstep::prod

// What `lockstep check` finds in the way of applications that are given by name.
#pragma once

#include "prod/cli/check.h"

#include <cstdint>
#include <functional>
#include <string>

namespace lockstep::prod {

/// Whether this server runs the application, as far as its daemon says.
enum class Serving : std::uint8_t {
  no,
  yes,
  unknown,  ///< the daemon does not answer: what runs may be meant to
};

/// Asks systemd, Docker or libvirt about each of them, by the script in `scripts` (see application_scripts) that runs
/// it. `serves`: of the module of that name.
void check_runners(const ConfigurationFiles& files, const std::function<Serving(const std::string& module)>& serves,
                   const std::string& scripts, MachineCheck& check);

}  // namespace lockstep::prod

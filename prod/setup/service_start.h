// The last step of setting a machine up: what its modules need is there, and its service runs, now and at every boot.
#pragma once

#include <string>

namespace lockstep::prod {

/// Where the services look for their configuration.
inline constexpr const char* configuration_default = "/etc/lockstep";

/// Of a configuration elsewhere no service of the system knows.
bool starts_service(const std::string& configuration, bool wanted);

/// Of each module: its directory is made if it is missing, and a script of the package's gets its phase "setup". Says
/// what it does; false if that cannot be done.
bool prepare_modules(const std::string& configuration);

/// systemctl enable --now UNIT. Says so; false, with what to do, where that fails.
bool start_service(const std::string& unit);

}  // namespace lockstep::prod

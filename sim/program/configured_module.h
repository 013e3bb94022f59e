// One module out of an administrator's configuration directory: what lockstepd would run, for the simulator.
#pragma once

#include "engine/settings.h"

#include <string>

#include <boost/json/object.hpp>

namespace lockstep::sim {

struct ConfiguredModule {
  std::string name;
  engine::Settings settings;
};

/// `module` may be empty where there is only one. Throws UsageError: every mistake with its file and line.
ConfiguredModule load_module_of(const std::string& directory, const std::string& module);

/// What of the settings decides how long an outage is, and what may be lost.
boost::json::object to_json(const engine::Settings& settings);

}  // namespace lockstep::sim

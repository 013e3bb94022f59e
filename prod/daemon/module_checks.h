// The checks of a module as its daemon makes them.
#pragma once

#include "io/linux/application.h"
#include "io/linux/checks.h"
#include "prod/config/configuration.h"

#include <functional>
#include <vector>

namespace lockstep::prod {

class ModuleHost;

/// `others`: the modules of this daemon, which outlive the checks; `traits`: how the application's processes are known.
io::LinuxChecksOptions checks_options(const ModuleConfiguration& module,
                                      const io::ScriptApplicationOptions& application,
                                      const std::vector<ModuleHost*>& others,
                                      std::function<io::ApplicationTraits()> traits);

}  // namespace lockstep::prod

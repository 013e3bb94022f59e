// The two kinds of configuration files, each from its parsed form.
#pragma once

#include "prod/config/configuration.h"
#include "prod/config/toml_document.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// `shown_name` is what messages call the file.
void load_cluster(const TomlValue& document, const std::string& shown_name, ClusterConfiguration& cluster,
                  std::vector<ConfigurationError>& errors);
void load_module(const TomlValue& document, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors);

}  // namespace lockstep::prod

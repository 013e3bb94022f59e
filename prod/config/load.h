// The two kinds of configuration files and their larger parts, each from its parsed form.
#pragma once

#include "prod/config/configuration.h"
#include "prod/config/toml_document.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// `shown_name` is what messages call the file.
void load_cluster(const TomlValue& document, const std::string& shown_name, ClusterConfiguration& cluster,
                  std::vector<ConfigurationError>& errors);
/// `entry`: the table [etcd].
void load_etcd(const TomlEntry& entry, const std::string& shown_name, EtcdConfiguration& etcd,
               std::vector<ConfigurationError>& errors);
/// `entry`: the list of [[webhook]].
void load_webhooks(const TomlEntry& entry, const std::string& shown_name, std::vector<WebhookConfiguration>& webhooks,
                   std::vector<ConfigurationError>& errors);
void load_module(const TomlValue& document, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors);

}  // namespace lockstep::prod

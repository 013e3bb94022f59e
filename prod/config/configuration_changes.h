// What has changed in the configuration since the daemon took it, key by key, and what a running daemon can take of it.
#pragma once

#include "prod/config/configuration_texts.h"

#include <string>
#include <vector>

namespace lockstep::prod {

struct ConfigurationChange {
  std::string text;   ///< "modules/shop.toml:4: timeout was "2s" and is "5s": needs a restart of ..."; holds no secret
  bool live = false;  ///< needs no restart
};

/// As they are written: a key with its default value differs from one that is left out.
std::vector<ConfigurationChange> configuration_changes(const ConfigurationTexts& running,
                                                       const ConfigurationTexts& now);

}  // namespace lockstep::prod

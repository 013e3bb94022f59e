// The same configuration on two machines: what differs, key by key, with its place in the file and what to do.
#pragma once

#include "prod/config/configuration_texts.h"

#include <string>
#include <vector>

namespace lockstep::prod {

struct ConfigurationDifference {
  std::string text;   ///< "modules/shop.toml:4: ...", in a sentence with a remedy
  bool wrong = true;  ///< false: each machine may have its own
};

/// `other`: what people call the machine that `there` is from. A file that is not TOML has no keys.
std::vector<ConfigurationDifference> compare_files(const ConfigurationTexts& here, const ConfigurationTexts& there,
                                                   const std::string& other);

}  // namespace lockstep::prod

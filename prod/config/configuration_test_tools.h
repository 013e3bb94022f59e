// A directory with a configuration, for tests of what is said of it.
#pragma once

#include "prod/config/configuration.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
inline constexpr const char* good_cluster = R"(name = "demo"

[[node]]
name = "s1"
address = "10.77.1.1"

[[node]]
name = "s2"
address = "10.77.1.2"

[witness]
address = "10.77.0.3"
port = 7790
)";
inline constexpr const char* nodes_only = R"(name = "demo"
[[node]]
name = "s1"
address = "10.77.1.1"
[[node]]
name = "s2"
address = "10.77.1.2"
)";
inline constexpr const char* good_module = R"(directory = "/srv/data"
port = 7701
)";

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    char name[] = "/tmp/lockstep-config-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::filesystem::create_directory(directory_ + "/modules");
    write("cluster.toml", good_cluster);
    write("modules/data.toml", good_module);
  }
  ~ConfigurationTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& file, const std::string& text) { std::ofstream(directory_ + "/" + file) << text; }
  LoadedConfiguration load() { return load_configuration(directory_, LoadScope::cluster_and_modules); }
  std::vector<std::string> errors() {
    std::vector<std::string> texts;
    for (const ConfigurationError& error : load().errors) texts.push_back(to_string(error));
    return texts;
  }
  void expect_error(const std::string& expected) {
    const auto found = errors();
    for (const std::string& text : found) {
      if (text.find(expected) != std::string::npos) return;
    }
    ADD_FAILURE() << "expected: " << expected << "\nfound: " << testing::PrintToString(found);
  }

  std::string directory_;
};

}  // namespace lockstep::prod

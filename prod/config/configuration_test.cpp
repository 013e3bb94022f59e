// Every mistake in the configuration is found, placed and explained.
#include "prod/config/configuration.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

constexpr const char* good_cluster = R"(name = "demo"

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
constexpr const char* good_module = R"(directory = "/srv/data"
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

TEST_F(ConfigurationTest, the_smallest_configuration_gets_defaults) {
  const LoadedConfiguration loaded = load();
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const ClusterConfiguration& cluster = loaded.configuration.cluster;
  EXPECT_EQ(cluster.node(NodeId::second).name, "s2");
  EXPECT_EQ(cluster.http_port, 9010);
  EXPECT_EQ(cluster.state_directory, "/var/lib/lockstep");
  EXPECT_TRUE(cluster.recorder.enabled);
  EXPECT_EQ(cluster.recorder.bytes_max, 256U << 20U);
  EXPECT_EQ(cluster.recorder.payloads, recording::Payloads::elided);
  ASSERT_EQ(loaded.configuration.modules.size(), 1U);
  const ModuleConfiguration& module = loaded.configuration.modules[0];
  EXPECT_EQ(module.name, "data");
  EXPECT_EQ(module.settings.timeout, milliseconds(2000));
  EXPECT_EQ(module.timeout_text, "2s");
  EXPECT_EQ(module.settings.durability, engine::Durability::replicated);
}

TEST_F(ConfigurationTest, everything_can_be_said) {
  write("cluster.toml",
        std::string(good_cluster) +
            "[http]\naddress = \"127.0.0.1\"\nport = 9011\n[paths]\nstate = \"/x/state/\"\nrun = \"/x/run\"\n"
            "[recorder]\nenabled = false\nbytes_max = 10000000\npayloads = \"full\"\n");
  write("modules/data.toml", R"(directory = "/srv/data/"
port = 7702
durability = "durable"
timeout = "1500ms"
heartbeat = "100ms"
start_at_boot = false
isolation = "wait"
[application]
prestart = "a"
start = "b"
stop = "c"
poststop = "d"
timeout = "2m"
[resync]
bytes_per_second_max = 1000000
share_percent = 50
)");
  const LoadedConfiguration loaded = load();
  ASSERT_EQ(errors(), std::vector<std::string>{});
  EXPECT_EQ(loaded.configuration.cluster.state_directory, "/x/state");
  EXPECT_FALSE(loaded.configuration.cluster.recorder.enabled);
  EXPECT_EQ(loaded.configuration.cluster.recorder.bytes_max, 10'000'000U);
  EXPECT_EQ(loaded.configuration.cluster.recorder.payloads, recording::Payloads::full);
  const ModuleConfiguration& module = loaded.configuration.modules[0];
  EXPECT_EQ(module.directory, "/srv/data");
  EXPECT_EQ(module.settings.durability, engine::Durability::durable);
  EXPECT_EQ(module.settings.timeout, milliseconds(1500));
  EXPECT_EQ(module.settings.heartbeat_interval, milliseconds(100));
  EXPECT_EQ(module.settings.phase_timeout, milliseconds(120'000));
  EXPECT_FALSE(module.settings.start_at_boot);
  EXPECT_EQ(module.settings.resync_bytes_per_second_max, 1'000'000U);
  EXPECT_EQ(module.settings.resync_share_percent, 50);
  EXPECT_EQ(module.commands, (std::array<std::string, 4>{"a", "b", "c", "d"}));
}

TEST_F(ConfigurationTest, an_unknown_key_is_placed_and_corrected) {
  write("modules/data.toml", std::string(good_module) + "durabilty = \"commit\"\n");
  EXPECT_EQ(errors(),
            std::vector<std::string>{"modules/data.toml:3:1: unknown key \"durabilty\": did you mean \"durability\"?"});
}

TEST_F(ConfigurationTest, wrong_values_are_explained) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"durability = \"safe\"",
       "3:14: \"durability\" is \"safe\": it must be \"commit\", \"replicated\" or \"durable\""},
      {"timeout = 2", "3:11: \"timeout\" should be a duration with its unit, for example \"2s\""},
      {"timeout = \"1ms\"", "3:11: \"timeout\" is 1ms: it must lie between 300ms and 10m"},
      {"heartbeat = \"1s\"", "3:13: \"heartbeat\" is 1s: at most a quarter of timeout (2s)"},
      {"start_at_boot = \"yes\"", "3:17: \"start_at_boot\" should be true or false, not a string"},
      {"isolation = \"takeover\"", "3:13: isolation = \"takeover\" is not available in this version"},
      {"application = 3", "3:15: [application] should be a table, not a number"},
      {"[application]\nstrat = \"x\"", "4:1: unknown key \"strat\" in [application]: did you mean \"start\"?"},
      {"[application]\nstart = [\"x\"]", "4:9: \"start\" should be a string, not a list"},
      {"colour = \"red\"", "3:1: unknown key \"colour\": known are directory, port"},
      {"timeout = \"2s\" x", "modules/data.toml:3:"},
  };
  for (const auto& [line, expected] : cases) {
    write("modules/data.toml", std::string(good_module) + line + "\n");
    expect_error(expected);
  }
  write("modules/data.toml", "directory = \"srv\"\nport = 70000\n");
  expect_error("modules/data.toml:1:13: \"directory\" is \"srv\": write an absolute path");
  expect_error("modules/data.toml:2:8: \"port\" is 70000: it must lie between 1 and 65535");
  write("modules/data.toml", "");
  expect_error("\"directory\" is missing: add for example directory = ");
}

TEST_F(ConfigurationTest, all_errors_of_all_files_are_reported_at_once) {
  write("cluster.toml", "name = \"Demo!\"\n[[node]]\nname = \"s1\"\naddress = \"nowhere\"\n");
  write("modules/data.toml", "port = \"x\"\n");
  const auto found = errors();
  EXPECT_GE(found.size(), 6U) << testing::PrintToString(found);
  expect_error("cluster.toml:1:8: \"name\" is \"Demo!\": use lower case letters");
  expect_error("1 nodes instead of 2");
  expect_error("cluster.toml:4:11: \"address\" is \"nowhere\": write an IP address");
  expect_error("[witness] is missing");
  expect_error("modules/data.toml:1:8: \"port\" should be a whole number, not a string");
}

TEST_F(ConfigurationTest, what_is_wrong_only_together_is_found) {
  write("modules/more.toml", "directory = \"/srv/data/more\"\nport = 7701\n");
  expect_error("modules/more.toml: port 7701 is that of module \"data\"");
  expect_error("modules/more.toml: directory /srv/data/more and that of module \"data\" lie within each other");
  write("modules/more.toml", "directory = \"/var/lib/lockstep/data\"\nport = 9010\n");
  expect_error("port 9010 is that of [http]");
  expect_error("Lockstep's own /var/lib/lockstep lie within each other");
}

TEST_F(ConfigurationTest, wrong_values_of_the_recorder_are_explained) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"enabled = \"yes\"", "\"enabled\" should be true or false, not a string"},
      {"bytes_max = 5", "\"bytes_max\" is 5: it must lie between 4194304 and"},
      {"bytes_max = \"1G\"", "\"bytes_max\" should be a whole number"},
      {"payloads = \"some\"", "\"payloads\" is \"some\": it must be \"elided\" or \"full\""},
      {"payload = \"full\"", "unknown key \"payload\" in [recorder]: did you mean \"payloads\"?"},
  };
  for (const auto& [line, expected] : cases) {
    write("cluster.toml", std::string(good_cluster) + "[recorder]\n" + line + "\n");
    expect_error(expected);
  }
}

TEST_F(ConfigurationTest, missing_files_are_named) {
  std::filesystem::remove(directory_ + "/modules/data.toml");
  expect_error("/modules/NAME.toml with directory and port");
  std::filesystem::remove(directory_ + "/cluster.toml");
  expect_error("cluster.toml: cannot read " + directory_ + "/cluster.toml: No such file or directory");
}

TEST_F(ConfigurationTest, this_server_is_found_by_option_or_host_name) {
  const ClusterConfiguration cluster = load().configuration.cluster;
  EXPECT_EQ(choose_node(cluster, "s2", "elsewhere").node, NodeId::second);
  EXPECT_EQ(choose_node(cluster, "", "s1.example.org").node, NodeId::first);
  EXPECT_NE(choose_node(cluster, "", "www").error.find("--node"), std::string::npos);
  EXPECT_NE(choose_node(cluster, "s3", "s1").error.find("there is no node \"s3\""), std::string::npos);
}

TEST_F(ConfigurationTest, HowOftenDataIsComparedCanBeChosen) {
  constexpr std::int64_t day_ns = std::int64_t{24} * 3600 * 1'000'000'000;
  const auto interval = [&] { return load().configuration.modules.at(0).settings.verify_interval.ns; };
  EXPECT_EQ(interval(), 7 * day_ns);
  write("modules/data.toml", std::string(good_module) + "verify = \"daily\"\nverify_share = 5\n");
  EXPECT_EQ(interval(), day_ns);
  EXPECT_EQ(load().configuration.modules.at(0).settings.verify_share_percent, 5U);
  write("modules/data.toml", std::string(good_module) + "verify = \"never\"\n");
  EXPECT_EQ(interval(), 0);
  write("modules/data.toml", std::string(good_module) + "verify = \"hourly\"\n");
  expect_error("\"verify\" is \"hourly\": it must be \"never\", \"daily\" or \"weekly\"");
}

TEST_F(ConfigurationTest, addresses_that_follow_the_application) {
  write("modules/data.toml", std::string(good_module) + R"(
[[address]]
address = "10.0.1.100/24"

[[address]]
address = "fd00::100/64"
interface = "eth1"
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const auto addresses = load().configuration.modules.at(0).addresses;
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(to_string(addresses[0].address), "10.0.1.100/24");
  EXPECT_EQ(addresses[0].interface, "");
  EXPECT_EQ(to_string(addresses[1].address), "fd00::100/64");
  EXPECT_EQ(addresses[1].interface, "eth1");
}

TEST_F(ConfigurationTest, mistakes_in_addresses) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"address = \"10.0.1.0/24\"", "4:11: \"10.0.1.0/24\" is no address that a server can have"},
      {"address = \"10.0.1.255/24\"", "is no address that a server can have"},
      {"address = \"10.0.1.9/33\"", "is no address that a server can have"},
      {"address = \"224.0.0.1/24\"", "is no address that a server can have"},
      {"address = \"fe80::1%eth0/64\"", "is no address that a server can have"},
      {"address = \"shop.example.org\"", "is no address that a server can have"},
      {"interface = \"eth0\"", "\"address\" is missing"},
      {"address = \"10.0.1.9/24\"\ndevice = \"eth0\"", "unknown key \"device\" in [[address]]"},
      {"address = \"10.0.1.9/24\"\ninterface = \"an-interface-too-long\"", "is too long for an interface's name"},
      {"address = \"10.77.1.2/24\"", "[[address]] 10.77.1.2 is that of node \"s2\""},
      {"address = \"10.77.0.3/24\"", "[[address]] 10.77.0.3 is that of the witness"},
  };
  for (const auto& [lines, expected] : cases) {
    write("modules/data.toml", std::string(good_module) + "[[address]]\n" + lines + "\n");
    expect_error(expected);
  }
  write("modules/data.toml", std::string(good_module) + "address = \"10.0.1.9/24\"\n");
  expect_error("\"address\" is a list: write [[address]]");
  const std::string one = "[[address]]\naddress = \"10.0.1.9/24\"\n";
  write("modules/data.toml", std::string(good_module) + one + one);
  expect_error("[[address]] 10.0.1.9 is that of [[address]] of module \"data\"");
}

}  // namespace
}  // namespace lockstep::prod

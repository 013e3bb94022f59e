// Every mistake in the configuration is found, placed and explained.
#include "prod/config/configuration.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <sys/stat.h>
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
constexpr const char* nodes_only = R"(name = "demo"
[[node]]
name = "s1"
address = "10.77.1.1"
[[node]]
name = "s2"
address = "10.77.1.2"
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
force_stop = "e"
stop_timeout = "20s"
force_stop_timeout = "5s"
[[check]]
kind = "process"
process = "postgres"
[[check]]
kind = "tcp"
name = "web"
port = 8080
expect = "ready"
interval = "500ms"
timeout = "200ms"
grace = "30s"
misses = 2
action = "stop"
[[check]]
kind = "disk_space"
free_mib_min = 100
[[check]]
kind = "ping"
address = "10.0.0.254"
[policy]
restarts_max = 5
restarts_window = "12h"
preferred = "s2"
swap_back = true
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
  EXPECT_EQ(module.commands, (std::array<std::string, 5>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(module.settings.stop_timeout, milliseconds(20'000));
  EXPECT_EQ(module.settings.force_stop_timeout, milliseconds(5000));
  ASSERT_EQ(module.settings.checks.size(), 4U);
  ASSERT_EQ(module.checks.size(), 4U);
  EXPECT_EQ(module.settings.checks[0].name, "process");
  EXPECT_EQ(module.settings.checks[0].action, CheckAction::restart);
  EXPECT_EQ(module.settings.checks[0].misses_max, 1U);
  EXPECT_EQ(std::get<io::ProcessCheck>(module.checks[0]).name, "postgres");
  const engine::CheckSettings& web = module.settings.checks[1];
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.interval, milliseconds(500));
  EXPECT_EQ(web.timeout, milliseconds(200));
  EXPECT_EQ(web.grace, milliseconds(30'000));
  EXPECT_EQ(web.misses_max, 2U);
  EXPECT_EQ(web.action, CheckAction::stop);
  EXPECT_EQ(std::get<io::TcpCheck>(module.checks[1]).port, 8080);
  EXPECT_EQ(std::get<io::DiskSpaceCheck>(module.checks[2]).path, "/srv/data");
  EXPECT_EQ(std::get<io::DiskSpaceCheck>(module.checks[2]).free_bytes_min, std::uint64_t{100} << 20U);
  EXPECT_TRUE(module.settings.checks[3].of_server());
  EXPECT_EQ(module.settings.restarts_max, 5U);
  EXPECT_EQ(module.settings.restarts_window, milliseconds(12 * 3'600'000));
  EXPECT_EQ(module.settings.preferred, NodeId::second);
  EXPECT_TRUE(module.settings.swap_back);
}

TEST_F(ConfigurationTest, an_unknown_key_is_placed_and_corrected) {
  write("modules/data.toml", std::string(good_module) + "durabilty = \"commit\"\n");
  EXPECT_EQ(errors(),
            std::vector<std::string>{"modules/data.toml:3:1: unknown key \"durabilty\": did you mean \"durability\"?"});
}

TEST_F(ConfigurationTest, mistakes_in_checks_and_policy_are_explained) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[[check]]\n", "3:1: \"kind\" is missing in [[check]]: one of process, tcp, http"},
      {"[check]\nkind = \"tcp\"", "write [[check]], with two brackets, for each"},
      {"[[check]]\nkind = \"udp\"", "4:8: \"kind\" is \"udp\": it must be \"process\", \"tcp\""},
      {"[[check]]\nkind = \"tcp\"", "\"port\" is missing in [[check]]"},
      {"[[check]]\nkind = \"ping\"", "\"address\" is missing in [[check]]"},
      {"[[check]]\nkind = \"ping\"\naddress = \"gateway\"", "5:11: \"address\" is \"gateway\": write an IP address"},
      {"[[check]]\nkind = \"process\"\nport = 80", "5:1: unknown key \"port\" in [[check]]"},
      {"[[check]]\nkind = \"process\"\naction = \"wait\"", "5:10: action = \"wait\" is for what a server must have"},
      {"[[check]]\nkind = \"process\"\naction = \"kill\"", "5:10: \"action\" is \"kill\": it must be \"report\""},
      {"[[check]]\nkind = \"process\"\nprocess = \"a\"\npid_file = \"/b\"", "5:11: \"process\" and \"pid_file\" both"},
      {"[[check]]\nkind = \"process\"\n[[check]]\nkind = \"process\"", "two checks are called \"process\""},
      {"[[check]]\nkind = \"process\"\ninterval = \"1ms\"",
       "5:12: \"interval\" is 1ms: it must lie between 100ms and 1h"},
      {"[[check]]\nkind = \"http\"\npath = \"health\"", "5:8: \"path\" is \"health\": it begins with /"},
      {"[[check]]\nkind = \"disk_space\"", "\"free_mib_min\" is missing"},
      {"[[check]]\nkind = \"module\"\nmodule = \"data\"", "5:10: a module's check cannot look at the module itself"},
      {"[[check]]\nkind = \"module\"\nmodule = \"web\"", "5:10: there is no module \"web\""},
      {"[policy]\nrestarts_max = -1", "4:16: \"restarts_max\" is -1: it must lie between 0 and 1000"},
      {"[policy]\npreferred = \"s3\"", "4:13: \"preferred\" is \"s3\": cluster.toml knows \"s1\" and \"s2\""},
      {"[policy]\nswap_back = true", "4:13: \"swap_back\" needs \"preferred\""},
  };
  for (const auto& [text, expected] : cases) {
    write("modules/data.toml", std::string(good_module) + text + "\n");
    expect_error(expected);
  }
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
      {"timeout = \xEF\xBB\x86", "modules/data.toml:3:11:"},
      {"timeout = \xEF\xBB\x86", "characters beyond ASCII stand only in quotes and comments"},
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

TEST_F(ConfigurationTest, what_one_module_starts_no_other_does) {
  const auto module = [this](const std::string& name, const std::string& port, const std::string& application) {
    write("modules/" + name + ".toml",
          "directory = \"/srv/" + name + "\"\nport = " + port + "\n[application]\n" + application + "\n");
  };
  module("one", "7801", "service = \"web\"");
  module("two", "7802", "service = \"web.service\"");
  expect_error("modules/two.toml:4:11: service \"web\" is that of module \"one\": each starts and ends its own");
  module("two", "7802", "container = \"web\"");
  EXPECT_EQ(errors(), std::vector<std::string>{}) << "another kind is another thing";
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

TEST_F(ConfigurationTest, etcd_can_be_the_third_vote) {
  const std::string least = std::string(nodes_only) + "[etcd]\nservers = [\"10.0.0.3\"]\nauthority = \"/e/ca.crt\"\n";
  write("cluster.toml", least);
  ASSERT_EQ(errors(), std::vector<std::string>{});
  ClusterConfiguration cluster = load().configuration.cluster;
  EXPECT_EQ(cluster.witness_address, "");
  ASSERT_TRUE(cluster.etcd.has_value());
  EXPECT_EQ(cluster.etcd->servers, (std::vector<io::EtcdServer>{{"10.0.0.3", 2379}}));
  EXPECT_EQ(cluster.etcd->authority, "/e/ca.crt");
  EXPECT_EQ(cluster.etcd->certificate + cluster.etcd->key, "");
  EXPECT_EQ(cluster.etcd->prefix, "lockstep");
  write("cluster.toml", std::string(nodes_only) + R"([etcd]
servers = ["10.0.0.3:12379", "[FD00:0::3]:2380", "[fd00::4]", "etcd1.example.org", "etcd-2:2381"]
authority = "/etc/lockstep/etcd/ca.crt"
certificate = "/etc/lockstep/etcd/client.crt"
key = "/etc/lockstep/etcd/client.key"
prefix = "/shops/lock.step"
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  cluster = load().configuration.cluster;
  std::vector<std::string> servers;
  for (const io::EtcdServer& server : cluster.etcd->servers) servers.push_back(to_string(server));
  EXPECT_EQ(servers, (std::vector<std::string>{"10.0.0.3:12379", "[fd00::3]:2380", "[fd00::4]:2379",
                                               "etcd1.example.org:2379", "etcd-2:2381"}));
  EXPECT_EQ(cluster.etcd->certificate, "/etc/lockstep/etcd/client.crt");
  EXPECT_EQ(cluster.etcd->key, "/etc/lockstep/etcd/client.key");
  EXPECT_EQ(cluster.etcd->prefix, "/shops/lock.step");
  EXPECT_FALSE((write("cluster.toml", good_cluster), load().configuration.cluster.etcd.has_value()));
  write("cluster.toml", least);
  write("modules/data.toml", std::string(good_module) + "[[address]]\naddress = \"10.0.0.3/24\"\n");
  expect_error("[[address]] 10.0.0.3 is that of a server of [etcd]: choose one");
}

TEST_F(ConfigurationTest, mistakes_in_etcd_are_explained) {
  const std::vector<std::pair<std::string, std::string>> servers = {
      {"\"10.0.0.3\"", "9:11: \"servers\" should be a list of 1 to 9 servers: write for example servers = ["},
      {"[]", "9:11: \"servers\" should be a list of 1 to 9 servers"},
      {R"(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])", "9:11: \"servers\" should be a list of 1 to 9 servers"},
      {"[1]", "9:12: \"servers\" holds a number: write for example servers = ["},
      {"[\"a\",\n\"https://10.0.0.3:2379\"]", "10:1: \"servers\": \"https://10.0.0.3:2379\" is a URL: leave out what"},
      {"[\"fd00::3\"]", "\"fd00::3\" needs brackets, if it is an IPv6 address: write for example \"10.0.0.3:2379\""},
      {"[\"[fd00::3\"]", "\"[fd00::3\" needs brackets, if it is"},
      {"[\"10.0.0.3:\"]", "\"10.0.0.3:\" has no usable port: write for example"},
      {"[\"10.0.0.3:0\"]", "has no usable port"},
      {"[\"10.0.0.3:65536\"]", "has no usable port"},
      {"[\"10.0.0.3:23x\"]", "has no usable port"},
      {"[\"[fd00::3]2379\"]", "has no usable port"},
      {"[\"10.0.0.300\"]", "\"10.0.0.300\" is neither an IP address nor the name of a host: write for example"},
      {"[\"[10.0.0.3]\"]", "is neither an IP address nor the name of a host"},
      {"[\"\"]", "is neither an IP address nor the name of a host"},
      {"[\"etcd..org\"]", "is neither an IP address nor the name of a host"},
      {"[\"etcd.org/v3\"]", "is neither an IP address nor the name of a host"},
      {R"(["10.0.0.3\u0000"])", "is neither an IP address nor the name of a host"},
      {R"(["10.0.0.3", "10.0.0.3:2379"])", "9:24: \"servers\" has 10.0.0.3:2379 twice: name each server once"},
  };
  for (const auto& [value, expected] : servers) {
    write("cluster.toml", std::string(nodes_only) + "[etcd]\nservers = " + value + "\nauthority = \"/ca\"\n");
    expect_error(expected);
  }
  const std::string start = std::string(nodes_only) + "[etcd]\nservers = [\"a\"]\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "8:1: \"authority\" is missing in [etcd]: add for example authority = "},
      {"authority = \"ca.crt\"", "10:13: \"authority\" is \"ca.crt\": write an absolute path"},
      {"certificate = \"c.crt\"", "10:15: \"certificate\" is \"c.crt\": write an absolute path"},
      {"key = \"/e/../k\"", "10:7: \"key\" is \"/e/../k\": write an absolute path"},
      {"certificate = \"/c\"",
       "10:15: \"certificate\" without \"key\" in [etcd]: write both, or none if etcd asks for no certificate"},
      {"key = \"/k\"", "10:7: \"key\" without \"certificate\" in [etcd]"},
      {"prefix = \"\"", "10:10: \"prefix\" is \"\": use letters, digits and . - _, with / between the parts"},
      {"prefix = \"a//b\"", "\"prefix\" is \"a//b\""},
      {"prefix = \"a/\"", "\"prefix\" is \"a/\""},
      {"prefix = \"a b\"", "\"prefix\" is \"a b\""},
      {"prefix = \"" + std::string(201, 'a') + "\"", "at most 200 characters"},
      {"prefix = 1", "10:10: \"prefix\" should be a string, not a number"},
      {"server = \"a\"", "10:1: unknown key \"server\" in [etcd]: did you mean \"servers\"?"},
  };
  for (const auto& [line, expected] : cases) {
    write("cluster.toml", start + line + "\n");
    expect_error(expected);
  }
  write("cluster.toml", std::string(nodes_only) + "[etcd]\nauthority = \"/ca\"\n");
  expect_error("cluster.toml:8:1: \"servers\" is missing in [etcd]: add for example servers = [\"10.0.0.3:2379\"");
  write("cluster.toml", std::string(nodes_only) + "[[etcd]]\nauthority = \"/ca\"\n");
  expect_error("[etcd] should be a table, not a list");
}

TEST_F(ConfigurationTest, there_is_one_third_vote) {
  const std::string etcd = "[etcd]\nservers = [\"a\"]\nauthority = \"/ca\"\n";
  const std::string remedy =
      ": a cluster has one third vote: take [etcd] out if a third machine runs lockstep-witness, otherwise [witness]";
  write("cluster.toml", std::string(good_cluster) + etcd);
  EXPECT_EQ(errors(), std::vector<std::string>{"cluster.toml:14:2: [etcd] beside [witness]" + remedy});
  write("cluster.toml", nodes_only + etcd + "[witness]\naddress = \"10.77.0.3\"\n");
  EXPECT_EQ(errors(), std::vector<std::string>{"cluster.toml:11:2: [witness] beside [etcd]" + remedy});
  write("cluster.toml", nodes_only);
  EXPECT_EQ(errors(),
            std::vector<std::string>{"cluster.toml:1:1: [witness] is missing: a third machine must run "
                                     "lockstep-witness, otherwise neither server could go on without the other; add "
                                     "[witness] with its address, or [etcd] if an etcd that runs already is to be the "
                                     "third vote"});
}

TEST_F(ConfigurationTest, webhooks_are_read_and_their_mistakes_explained) {
  write("cluster.toml", std::string(good_cluster) +
                            "[[webhook]]\nurl = \"https://alerts.example.org/hook?a=b%20c\"\n"
                            "[[webhook]]\nurl = \"http://[fd00::1]:8080\"\nevents = [\"role\", \"verify\"]\n"
                            "secret_file = \"/etc/lockstep/secret\"\nca_file = \"/etc/lockstep/ca.pem\"\n");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const auto webhooks = load().configuration.cluster.webhooks;
  ASSERT_EQ(webhooks.size(), 2U);
  EXPECT_TRUE(webhooks[0].tls);
  EXPECT_EQ(webhooks[0].host, "alerts.example.org");
  EXPECT_EQ(webhooks[0].port, 443);
  EXPECT_EQ(webhooks[0].target, "/hook?a=b%20c");
  EXPECT_EQ(webhooks[0].events, (std::vector<EventKind>{EventKind::role, EventKind::protection}));
  EXPECT_FALSE(webhooks[1].tls);
  EXPECT_EQ(webhooks[1].host, "fd00::1");
  EXPECT_EQ(webhooks[1].port, 8080);
  EXPECT_EQ(webhooks[1].target, "/");
  EXPECT_EQ(webhooks[1].events, (std::vector<EventKind>{EventKind::role, EventKind::verify}));
  EXPECT_EQ(webhooks[1].secret_file, "/etc/lockstep/secret");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[[webhook]]\nurl = \"alerts\"\n", "cluster.toml:15:7: \"url\" is no URL: write for example"},
      {"[[webhook]]\nurl = \"ftp://a/b\"\n", "\"url\" is neither https nor http"},
      {"[[webhook]]\nurl = \"https:///b\"\n", "\"url\" names no host"},
      {"[[webhook]]\nurl = \"https://u:p@a/\"\n", "\"url\" holds a user's name"},
      {"[[webhook]]\nevents = [\"role\"]\n", "\"url\" is missing"},
      {"[[webhook]]\nurl = \"https://a/\"\nevents = [\"roles\"]\n",
       "\"roles\" is no kind of event: known are \"daemon\""},
      {"[[webhook]]\nurl = \"https://a/\"\nevents = []\n", "\"events\" should be a list of at least one of"},
      {"[[webhook]]\nurl = \"https://a/\"\nsecret = \"x\"\n", "unknown key \"secret\" in [[webhook]]"},
      {"[webhook]\nurl = \"https://a/\"\n", "write [[webhook]] with two brackets"},
  };
  for (const auto& [text, expected] : cases) {
    write("cluster.toml", std::string(good_cluster) + text);
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

TEST_F(ConfigurationTest, an_application_can_be_given_by_its_name) {
  write("modules/data.toml", std::string(good_module) + R"([application]
service = "postgresql@15-Main.service"
prestart = "/usr/local/sbin/before"
stop_timeout = "1m"
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const ModuleConfiguration service = load().configuration.modules.at(0);
  ASSERT_TRUE(service.runner);
  EXPECT_EQ(service.runner->kind, RunnerKind::service);
  EXPECT_EQ(service.runner->name, "postgresql@15-Main");
  EXPECT_EQ(service.runner->line, 4);
  EXPECT_EQ(service.commands, (std::array<std::string, 5>{
                                  "/usr/local/sbin/before", "/usr/lib/lockstep/service start 'postgresql@15-Main'",
                                  "/usr/lib/lockstep/service stop 'postgresql@15-Main'", "",
                                  "/usr/lib/lockstep/service force_stop 'postgresql@15-Main'"}));
  ASSERT_EQ(service.settings.checks.size(), 1U);
  ASSERT_EQ(service.checks.size(), 1U);
  EXPECT_EQ(service.settings.checks[0].name, "postgresql-15-main");
  EXPECT_EQ(service.settings.checks[0].action, CheckAction::restart);
  EXPECT_EQ(std::get<io::ScriptCheck>(service.checks[0]).command,
            "/usr/lib/lockstep/service check 'postgresql@15-Main'");

  write("modules/data.toml", std::string(good_module) + R"([application]
container = "web"
[[check]]
kind = "tcp"
name = "web"
port = 80
)");
  ASSERT_EQ(errors(), std::vector<std::string>{});
  const ModuleConfiguration container = load().configuration.modules.at(0);
  EXPECT_EQ(container.commands[1], "/usr/lib/lockstep/container start 'web'");
  ASSERT_EQ(container.checks.size(), 1U) << "the file has a check of that name";
  EXPECT_TRUE(std::holds_alternative<io::TcpCheck>(container.checks[0]));

  write("modules/data.toml", std::string(good_module) + "[application]\ndomain = \"web\"\n");
  EXPECT_EQ(load().configuration.modules.at(0).commands[4], "/usr/lib/lockstep/domain force_stop 'web'");
}

TEST_F(ConfigurationTest, mistakes_in_the_name_of_an_application) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"service = \"web\"\nstop = \"x\"", R"(5:8: "stop" has no place beside "service", which says how)"},
      {"force_stop = \"\"\ndomain = \"web\"", R"(4:14: "force_stop" has no place beside "domain")"},
      {"service = \"web\"\ncontainer = \"web\"", R"(5:13: "container" and "service" both say what)"},
      {"service = \"\"", "4:11: \"service\" is \"\", no name of a systemd unit"},
      {"service = \"-web\"", "no name of a systemd unit"},
      {"service = \"a b\"", "no name of a systemd unit"},
      {"service = \"a'; reboot'\"", "no name of a systemd unit"},
      {"service = \"a/b\"", "no name of a systemd unit"},
      {"service = \"" + std::string(248, 'a') + "\"", "no name of a systemd unit"},
      {"service = \"web.socket\"", "a unit of another type: name the service itself"},
      {"service = \"postgresql@\"", "a template: name one instance, as in \"postgresql@main\""},
      {"service = 1", "service"},
      {"container = \"-web\"", "no name of a container"},
      {"container = \"a$(b)\"", "no name of a container"},
      {"domain = \"7\"", "a number, which virsh takes for that of a running domain"},
      {"domain = \"--all\"", "no name of a domain"},
  };
  for (const auto& [lines, expected] : cases) {
    write("modules/data.toml", std::string(good_module) + "[application]\n" + lines + "\n");
    expect_error(expected);
  }
}

TEST_F(ConfigurationTest, the_check_of_a_named_application_is_one_of_those_that_there_may_be) {
  std::string text = std::string(good_module) + "[application]\nservice = \"web\"\n";
  const auto check = [](int i) {
    return "[[check]]\nkind = \"tcp\"\nport = 80\nname = \"c" + std::to_string(i) + "\"\n";
  };
  for (int i = 0; i < 63; ++i) text += check(i);
  write("modules/data.toml", text);
  EXPECT_EQ(errors(), std::vector<std::string>{});
  EXPECT_EQ(load().configuration.modules.at(0).checks.size(), 64U);
  write("modules/data.toml", text + check(63));
  expect_error("64 checks, and the one that comes with \"service\": at most 64");
}

TEST_F(ConfigurationTest, only_files_are_read) {
  std::filesystem::create_directory(directory_ + "/modules/old.toml");
  ASSERT_EQ(::mkfifo((directory_ + "/modules/pipe.toml").c_str(), 0600), 0);
  EXPECT_EQ(read_configuration_texts(directory_),
            (ConfigurationTexts{{"cluster.toml", good_cluster}, {"modules/data.toml", good_module}}));
  expect_error("modules/old.toml is no file");
  expect_error("modules/pipe.toml is no file");
  std::filesystem::remove_all(directory_);
  EXPECT_TRUE(read_configuration_texts(directory_).empty());
}

TEST_F(ConfigurationTest, modules_that_cannot_be_read_are_not_taken_for_none) {
  std::filesystem::remove_all(directory_ + "/modules");
  expect_error("no module is configured: write " + directory_ + "/modules/NAME.toml");
  write("modules", "");
  expect_error("modules: cannot read " + directory_ + "/modules: Not a directory");
}

TEST_F(ConfigurationTest, where_the_daemon_listens_is_not_guessed) {
  const auto place = [this] { return load().configuration.cluster.run_directory; };
  EXPECT_EQ(place(), "/run/lockstep");
  write("cluster.toml", good_cluster + std::string("nonsense = 1\n[paths]\nrun = \"/x\"\n"));
  EXPECT_EQ(place(), "/x");
  for (const char* broken : {"[paths]\nrun = \"x\"\n", "[paths]\nrun = \"/x\n"}) {
    write("cluster.toml", std::string(good_cluster) + broken);
    EXPECT_EQ(place(), "") << broken;
    EXPECT_EQ(errors().size(), 1U);
  }
}

}  // namespace
}  // namespace lockstep::prod

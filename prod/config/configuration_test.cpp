// Every mistake in the configuration is found, placed and explained.
#include "prod/config/configuration_test_tools.h"

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace lockstep::prod {
namespace {

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
      {"isolation = \"stop\"", "3:13: \"isolation\" is \"stop\": it must be \"wait\" or \"takeover\""},
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
  EXPECT_GE(found.size(), 5U) << testing::PrintToString(found);
  expect_error("cluster.toml:1:8: \"name\" is \"Demo!\": use lower case letters");
  expect_error("1 nodes instead of 2");
  expect_error("cluster.toml:4:11: \"address\" is \"nowhere\": write an IP address");
  expect_error("modules/data.toml:1:8: \"port\" should be a whole number, not a string");
}

TEST_F(ConfigurationTest, isolation_is_a_matter_of_clusters_without_a_third_vote) {
  const std::string takeover = std::string(good_module) + "isolation = \"takeover\"\n";
  EXPECT_EQ(load().configuration.modules[0].settings.isolation, engine::Isolation::third_vote);
  write("modules/data.toml", takeover);
  expect_error("modules/data.toml:3:13: isolation = \"takeover\": the third vote of cluster.toml ([witness]) decides");
  write("cluster.toml", nodes_only);
  LoadedConfiguration loaded = load();
  EXPECT_EQ(loaded.errors, std::vector<ConfigurationError>{});
  EXPECT_FALSE(loaded.configuration.cluster.has_third_vote());
  EXPECT_EQ(loaded.configuration.modules[0].settings.isolation, engine::Isolation::takeover);
  write("modules/data.toml", good_module);
  loaded = load();
  EXPECT_EQ(loaded.errors, std::vector<ConfigurationError>{});
  EXPECT_EQ(loaded.configuration.modules[0].settings.isolation, engine::Isolation::wait);
}

TEST_F(ConfigurationTest, what_is_wrong_only_together_is_found) {
  write("modules/more.toml", "directory = \"/srv/data/more\"\n");
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

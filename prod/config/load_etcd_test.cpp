// An etcd as the third vote, in the configuration.
#include "prod/config/configuration_test_tools.h"

#include <string>
#include <vector>

namespace lockstep::prod {
namespace {

using EtcdConfigurationTest = ConfigurationTest;

TEST_F(EtcdConfigurationTest, etcd_can_be_the_third_vote) {
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

TEST_F(EtcdConfigurationTest, mistakes_in_etcd_are_explained) {
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

TEST_F(EtcdConfigurationTest, there_is_one_third_vote) {
  const std::string etcd = "[etcd]\nservers = [\"a\"]\nauthority = \"/ca\"\n";
  const std::string remedy =
      ": a cluster has one third vote: take [etcd] out if a third machine runs lockstep-witness, otherwise [witness]";
  write("cluster.toml", std::string(good_cluster) + etcd);
  EXPECT_EQ(errors(), std::vector<std::string>{"cluster.toml:14:2: [etcd] beside [witness]" + remedy});
  write("cluster.toml", nodes_only + etcd + "[witness]\naddress = \"10.77.0.3\"\n");
  EXPECT_EQ(errors(), std::vector<std::string>{"cluster.toml:11:2: [witness] beside [etcd]" + remedy});
  write("cluster.toml", nodes_only);
  EXPECT_EQ(errors(), std::vector<std::string>{}) << "or none";
}

}  // namespace
}  // namespace lockstep::prod

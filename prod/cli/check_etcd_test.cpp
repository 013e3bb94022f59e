// What is wrong with the files of [etcd] is found before a daemon needs them.
#include "prod/cli/check_etcd.h"

#include "io/tls/certificate.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace fs = std::filesystem;

class CheckEtcd : public ::testing::Test {
 protected:
  CheckEtcd()
      : root_(fs::temp_directory_path() / ("check_etcd_test." + std::to_string(::getpid()))),
        authority_(tls::Authority::create("etcd")) {
    fs::create_directories(root_);
    etcd_.authority = path("ca.crt");
    etcd_.certificate = path("client.crt");
    etcd_.key = path("client.key");
    const tls::Key key = tls::Key::generate();
    write("ca.crt", authority_.certificate.pem());
    write("client.crt", certificate_of(key).pem());
    write("client.key", key.pem());
  }
  ~CheckEtcd() override { fs::remove_all(root_); }

  std::string path(const std::string& name) const { return (root_ / name).string(); }
  void write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), mode);
  }
  tls::Certificate certificate_of(const tls::Key& key, tls::Validity validity = {}) const {
    return authority_.issue({"etcd", "client"}, "client", {}, key, validity);
  }
  void expect_problem(const std::string& expected) {
    MachineCheck check;
    check_etcd_files(etcd_, check);
    ASSERT_EQ(check.problems.size(), 1U) << testing::PrintToString(check.problems);
    EXPECT_NE(check.problems[0].find(expected), std::string::npos) << check.problems[0];
  }

  const fs::path root_;
  const tls::Authority authority_;
  EtcdConfiguration etcd_;
};

TEST_F(CheckEtcd, finds_nothing_in_files_that_fit) {
  MachineCheck check;
  check_etcd_files(etcd_, check);
  etcd_.certificate.clear();
  etcd_.key.clear();
  check_etcd_files(etcd_, check);
  EXPECT_EQ(check.problems, std::vector<std::string>{});
  EXPECT_EQ(check.warnings, std::vector<std::string>{});
}

TEST_F(CheckEtcd, names_each_file_that_cannot_be_used) {
  const std::string ca = authority_.certificate.pem();
  fs::remove(path("ca.crt"));
  expect_problem("cluster.toml: [etcd] authority " + path("ca.crt") +
                 ": No such file or directory: put the file there");
  fs::create_directory(path("ca.crt"));
  expect_problem("ca.crt is no file: correct the setting");
  fs::remove(path("ca.crt"));
  write("ca.crt", "nonsense");
  expect_problem("ca.crt holds no certificate in PEM");
  write("ca.crt", ca);

  const std::string certificate = std::string(certificate_of(tls::Key::generate()).pem());
  write("client.crt", certificate);
  expect_problem("client.key does not belong to the certificate in " + path("client.crt"));
  fs::remove(path("client.key"));
  expect_problem("cluster.toml: [etcd] key " + path("client.key") + ": No such file or directory");
  write("client.key", certificate);
  expect_problem("client.key holds no private key in PEM");
}

TEST_F(CheckEtcd, a_key_is_not_for_everybody) {
  ::chmod(path("client.key").c_str(), 0640);
  MachineCheck check;
  check_etcd_files(etcd_, check);
  EXPECT_EQ(check.problems, std::vector<std::string>{});
  for (const mode_t mode : {0644U, 0602U}) {
    ::chmod(path("client.key").c_str(), mode);
    expect_problem("client.key can be read or written by everybody: \"chmod 600 " + path("client.key") + "\"");
  }
}

TEST_F(CheckEtcd, speaks_of_certificates_before_they_expire) {
  constexpr std::int64_t day = std::int64_t{24} * 3600;
  const tls::Key key = tls::Key::generate();
  write("client.key", key.pem());
  write("client.crt", certificate_of(key, {-day, 10 * day + day / 2}).pem());
  MachineCheck check;
  check_etcd_files(etcd_, check);
  EXPECT_EQ(check.problems, std::vector<std::string>{});
  ASSERT_EQ(check.warnings.size(), 1U);
  EXPECT_NE(check.warnings[0].find(", in 10 days: have etcd's authority"), std::string::npos) << check.warnings[0];
  write("client.crt", certificate_of(key, {-20 * day, -10 * day}).pem());
  expect_problem("client.crt expired on ");
}

TEST(CheckEtcdPlaces, an_etcd_whose_majority_is_on_one_server_is_spoken_of) {
  ClusterConfiguration cluster;
  cluster.nodes = {{{"s1", "10.0.1.1"}, {"s2", "10.0.1.2"}}};
  const auto warnings = [&](const std::vector<std::string>& hosts) {
    cluster.etcd.emplace();
    for (const std::string& host : hosts) cluster.etcd->servers.push_back({host});
    MachineCheck check;
    check_etcd_places(cluster, check);
    return check.warnings;
  };
  EXPECT_TRUE(warnings({"10.0.0.3"}).empty());
  EXPECT_TRUE(warnings({"10.0.0.3", "10.0.0.4", "10.0.0.5"}).empty());
  EXPECT_TRUE(warnings({"10.0.1.1", "10.0.1.2", "10.0.0.5"}).empty());
  ASSERT_EQ(warnings({"10.0.1.2"}).size(), 1U);
  EXPECT_TRUE(
      warnings({"10.0.1.2"})[0].starts_with("cluster.toml: [etcd] servers: 1 of 1 is on node s2: when that one"));
  EXPECT_EQ(warnings({"10.0.1.1", "10.0.1.2"}).size(), 2U);
}

}  // namespace
}  // namespace lockstep::prod

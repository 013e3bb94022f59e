#include "io/tls/credentials.h"

#include "io/tls/testing/credentials.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::tls {
namespace {

namespace fs = std::filesystem;
using testing::credentials;
using testing::demo_authority;

class CredentialFiles : public ::testing::Test {
 protected:
  CredentialFiles() : configuration(fs::temp_directory_path() / ("tls_test." + std::to_string(::getpid()))) {
    fs::create_directories(configuration / credentials_folder);
    put(credentials("first"));
  }
  ~CredentialFiles() override { fs::remove_all(configuration); }

  void put(const char* name, const std::string& text, mode_t mode = 0600) {
    const fs::path path = configuration / credentials_folder / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  void put(const Credentials& all) {
    put(authority_file, all.authority.pem());
    put(certificate_file, all.certificate.pem());
    put(key_file, all.key.pem());
  }
  LoadedCredentials load(const std::string& place = "first") {
    return load_credentials(configuration.string(), {"demo", place});
  }
  void expect_problem(const LoadedCredentials& loaded, const std::string& text) {
    EXPECT_FALSE(loaded.credentials);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_NE(loaded.problems[0].find(text), std::string::npos) << loaded.problems[0];
  }

  const fs::path configuration;
};

TEST_F(CredentialFiles, are_read) {
  const LoadedCredentials loaded = load();
  EXPECT_EQ(loaded.problems, std::vector<std::string>{});
  EXPECT_EQ(loaded.warning, "");
  ASSERT_TRUE(loaded.credentials);
}

TEST_F(CredentialFiles, missing_say_how_to_get_them) {
  fs::remove_all(configuration / credentials_folder);
  const LoadedCredentials loaded = load();
  ASSERT_EQ(loaded.problems.size(), 3U);
  EXPECT_NE(loaded.problems[0].find("lockstep init"), std::string::npos);
}

TEST_F(CredentialFiles, a_key_that_others_can_read_is_refused) {
  put(key_file, credentials("first").key.pem(), 0640);
  const LoadedCredentials loaded = load();
  ASSERT_EQ(loaded.problems.size(), 2U);
  EXPECT_NE(loaded.problems[0].find("chmod 600"), std::string::npos);
  EXPECT_NE(loaded.problems[1].find("does not belong to the key"), std::string::npos);
}

TEST_F(CredentialFiles, of_another_place_cluster_authority_or_time_are_refused) {
  expect_problem(load("second"), "is for the first of cluster \"demo\", but this machine is the second");
  put(credentials("first", demo_authority(), "demo", testing::expired));
  expect_problem(load(), "expired on ");
  put(credentials("first", demo_authority(), "demo", testing::not_yet));
  expect_problem(load(), "set this machine's clock");
  put(credentials("first", demo_authority(), "other"));
  expect_problem(load(), "of cluster \"other\"");
  put(credentials("first", Authority::create("demo")));
  put(authority_file, demo_authority().certificate.pem());
  expect_problem(load(), "is not of the authority");
}

TEST_F(CredentialFiles, that_end_soon_are_spoken_of) {
  put(credentials("first", demo_authority(), "demo", {-3600, 10 * 24 * 3600}));
  const LoadedCredentials loaded = load();
  EXPECT_TRUE(loaded.credentials);
  EXPECT_NE(loaded.warning.find("lockstep renew"), std::string::npos) << loaded.warning;
}

TEST_F(CredentialFiles, damaged_are_refused) {
  put(certificate_file, "nonsense");
  expect_problem(load(), "node.crt holds no certificate");
}

TEST_F(CredentialFiles, the_authority_is_where_the_cluster_was_set_up) {
  EXPECT_NE(load_authority(configuration.string()).problem.find("where \"lockstep init\" was run"), std::string::npos);
  put(authority_key_file, demo_authority().key.pem());
  EXPECT_EQ(load_authority(configuration.string()).problem, "");
  put(authority_key_file, Key::generate().pem());
  EXPECT_NE(load_authority(configuration.string()).problem.find("does not belong"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::tls

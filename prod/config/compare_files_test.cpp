// What differs between two machines' files is named with its place and what to do; what is the same, however it is
// written, is not.
#include "prod/config/compare_files.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

const ConfigurationTexts own_files = {
    {"cluster.toml", "name = \"office\"\n[[node]]\nname = \"s1\"\n[[node]]\nname = \"s2\"\n[witness]\nport = 1\n"},
    {"modules/shop.toml", "directory = \"/srv/shop\"\nport = 7701\ntimeout = \"2s\"\n[application]\nstart = \"a\"\n"}};

std::vector<std::string> differences(const ConfigurationTexts& there) {
  std::vector<std::string> texts;
  for (const ConfigurationDifference& each : compare_files(own_files, there, "s2")) {
    texts.push_back((each.wrong ? "" : "note: ") + each.text);
  }
  return texts;
}

TEST(CompareFiles, finds_nothing_in_equal_settings) {
  EXPECT_TRUE(differences(own_files).empty());
  ConfigurationTexts there = own_files;
  there["modules/shop.toml"] =
      "# the same\nport = 7701\n\ndirectory=\"/srv/shop\"\ntimeout = '2s'\napplication.start = \"a\"\n";
  EXPECT_TRUE(differences(there).empty());
}

TEST(CompareFiles, names_place_and_remedy) {
  ConfigurationTexts there = own_files;
  there["cluster.toml"] =
      "name = \"office\"\n[[node]]\nname = \"s1\"\n[[node]]\nname = \"s3\"\n[paths]\nrun = \"/r\"\n[witness]\nport = "
      "1\n";
  there["modules/shop.toml"] =
      "port = 7702\ndirectory = \"/srv/shop\"\nverify = \"daily\"\n[application]\nstart = \"a\"\n";
  const std::string remedy = ": make both the same, then restart lockstepd, first where the application does not serve";
  EXPECT_EQ(
      differences(there),
      (std::vector<std::string>{
          "cluster.toml:5: [[node]] 2 name is \"s2\" here and \"s3\" on s2 (there in line 5)" + remedy +
              ", and lockstep-witness",
          "note: cluster.toml: [paths] run = \"/r\" is on s2 only (there in line 7), this machine goes by the "
          "default: each machine may have its own",
          "modules/shop.toml:2: port is 7701 here and 7702 on s2 (there in line 1)" + remedy,
          "modules/shop.toml:3: timeout = \"2s\" is here only, s2 goes by the default" + remedy +
              ", and lockstep-witness",
          "modules/shop.toml: verify = \"daily\" is on s2 only (there in line 3), this machine goes by the default" +
              remedy}));
}

TEST(CompareFiles, leaves_the_witness_out_where_etcd_is_the_third_vote) {
  const std::string remedy = ": make both the same, then restart lockstepd, first where the application does not serve";
  const auto found = compare_files({{"cluster.toml", "name = \"a\"\n[etcd]\nkey = \"/a\"\n"}},
                                   {{"cluster.toml", "name = \"b\"\n[etcd]\nkey = \"/b\"\n"}}, "s2");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "cluster.toml:1: name is \"a\" here and \"b\" on s2 (there in line 1)" + remedy);
  EXPECT_EQ(found[1].text, "cluster.toml:3: [etcd] key is another one on s2 (there in line 3)" + remedy);
}

TEST(CompareFiles, leaves_the_witness_out_where_nobody_has_a_third_vote) {
  const auto found = compare_files({{"cluster.toml", "name = \"a\"\n"}}, {{"cluster.toml", "name = \"b\"\n"}}, "s2");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text.find("lockstep-witness"), std::string::npos) << found[0].text;
}

TEST(CompareFiles, tells_nobody_the_url_of_a_webhook) {
  const ConfigurationTexts none = {{"cluster.toml", ""}};
  const ConfigurationTexts one = {{"cluster.toml", "[[webhook]]\nurl = \"https://a/secret\"\n"}};
  const ConfigurationTexts other = {{"cluster.toml", "[[webhook]]\nurl = \"https://b/secret\"\n"}};
  const std::vector<std::pair<ConfigurationTexts, ConfigurationTexts>> cases = {{one, other}, {one, none}, {none, one}};
  for (const auto& [here, there] : cases) {
    const auto found = compare_files(here, there, "s2");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].text.find("[[webhook]] 1 url is "), std::string::npos) << found[0].text;
    EXPECT_EQ(found[0].text.find("secret"), std::string::npos) << found[0].text;
  }
}

TEST(CompareFiles, finds_values_that_look_alike) {
  const ConfigurationTexts here = {{"modules/shop.toml", "[application]\nstart = 'a\\nb'\n"}};
  EXPECT_EQ(compare_files(here, {{"modules/shop.toml", "[application]\nstart = \"a\\nb\"\n"}}, "s2").size(), 1U);
}

TEST(CompareFiles, leaves_each_machine_its_own_addresses_of_interfaces) {
  const ConfigurationTexts here = {{"cluster.toml", "[api]\naddress = \"10.0.1.1\"\n"}};
  const auto found = compare_files(here, {{"cluster.toml", "[api]\naddress = \"10.0.1.2\"\n"}}, "s2");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].wrong);
}

TEST(CompareFiles, names_files_that_one_machine_has) {
  ConfigurationTexts there = own_files;
  there["modules/mail.toml"] = there["modules/shop.toml"];
  there.erase("modules/shop.toml");
  const auto found = differences(there);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].starts_with("modules/shop.toml: is here and not on s2: copy it there")) << found[0];
  EXPECT_TRUE(found[1].starts_with("modules/mail.toml: is on s2 and not here: copy it from there")) << found[1];
}

}  // namespace
}  // namespace lockstep::prod

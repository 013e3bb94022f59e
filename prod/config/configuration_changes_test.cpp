// What has changed is named with its place, says whether it takes a restart, and tells no secret; and the list of what
// takes none is that of the manual page.
#include "prod/config/configuration_changes.h"

#include "prod/config/key_policy.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

std::vector<std::string> changes(const std::string& file, const std::string& before, const std::string& after) {
  std::vector<std::string> texts;
  for (const ConfigurationChange& each : configuration_changes({{file, before}}, {{file, after}})) {
    texts.push_back((each.live ? "live: " : "") + each.text);
  }
  return texts;
}

using Texts = std::vector<std::string>;
const std::string on_both = ": needs a restart of lockstepd on both nodes";

TEST(ConfigurationChanges, finds_none_where_the_same_is_written_otherwise) {
  EXPECT_EQ(changes("modules/shop.toml", "port = 1\n[application]\nstart = \"a\"\n",
                    "# same\nport=1\ncheck = []\napplication.start = 'a'\n"),
            Texts{});
}

TEST(ConfigurationChanges, finds_one_in_values_that_look_alike) {
  EXPECT_EQ(changes("modules/shop.toml", "[application]\nstart = 'a\\nb'\n", "[application]\nstart = \"a\\nb\"\n"),
            (Texts{"live: modules/shop.toml:2: [application] start has changed: counts from the next phase on"}));
  EXPECT_EQ(changes("modules/shop.toml", "[[check]]\nname = 'a\\nb'\n", "[[check]]\nname = \"a\\nb\\u001b\"\n"),
            (Texts{R"(modules/shop.toml:2: [[check]] 1 name was "a\\nb" and is "a\nb\u001b")" + on_both}));
  EXPECT_EQ(changes("cluster.toml", "[[webhook]]\nevents = ['a\", \"b']\n", "[[webhook]]\nevents = [\"a\", \"b\"]\n"),
            (Texts{"live: cluster.toml:2: [[webhook]] 1 events has changed: counts at once"}));
}

TEST(ConfigurationChanges, names_place_and_both_values) {
  EXPECT_EQ(changes("modules/shop.toml", "port = 1\nverify = \"daily\"\n\ntimeout = \"3s\"\n",
                    "port = 2\n\n\ntimeout = \"5s\"\ndurability = \"commit\"\n"),
            (Texts{"modules/shop.toml:1: port was 1 and is 2" + on_both,
                   "modules/shop.toml:4: timeout was \"3s\" and is \"5s\"" + on_both + ", and of lockstep-witness",
                   "modules/shop.toml:5: durability was left out and is \"commit\"" + on_both,
                   "modules/shop.toml: verify was \"daily\" and is left out" + on_both}));
  // The witness has a flight recorder too.
  EXPECT_EQ(
      changes("cluster.toml", "[witness]\nport = 1\n", "[witness]\nport = 1\n[recorder]\nenabled = false\n"),
      (Texts{"cluster.toml:4: [recorder] enabled was left out and is false" + on_both + ", and of lockstep-witness"}));
  EXPECT_EQ(changes("cluster.toml", "name = \"a\"\n", "name = \"a\"\n[recorder]\nenabled = false\n"),
            (Texts{"cluster.toml:3: [recorder] enabled was left out and is false" + on_both}));
  EXPECT_EQ(changes("cluster.toml", "[api]\nport = 1\n[paths]\nrun = \"/a\"\n[witness]\nport = 1\n",
                    "[api]\nport = 2\n[paths]\nrun = \"/b\"\n[witness]\nport = 2\n"),
            (Texts{"cluster.toml:2: [api] port was 1 and is 2" + on_both,
                   "cluster.toml:4: [paths] run was \"/a\" and is \"/b\": needs a restart of lockstepd",
                   "cluster.toml:6: [witness] port was 1 and is 2" + on_both + ", and of lockstep-witness"}));
}

TEST(ConfigurationChanges, what_was_started_by_one_name_is_not_stopped_by_another) {
  EXPECT_EQ(changes("modules/shop.toml", "[application]\nservice = \"shop\"\n", "[application]\nservice = \"web\"\n"),
            (Texts{"modules/shop.toml:2: [application] service was \"shop\" and is \"web\"" + on_both}));
  EXPECT_EQ(changes("modules/shop.toml", "[application]\nstart = \"a\"\n", "[application]\ndomain = \"web\"\n"),
            (Texts{"modules/shop.toml:2: [application] domain was left out and is \"web\"" + on_both,
                   "live: modules/shop.toml: [application] start is left out: counts from the next phase on"}));
}

TEST(ConfigurationChanges, leaves_the_witness_out_where_etcd_is_the_third_vote) {
  EXPECT_EQ(changes("cluster.toml", "[etcd]\nservers = [\"10.0.0.3\"]\nkey = \"/a\"\n[recorder]\nenabled = true\n",
                    "[etcd]\nservers = [\"10.0.0.3\", \"10.0.0.4\"]\nkey = \"/b\"\nprefix = \"/x\"\n"),
            (Texts{"cluster.toml:2: [etcd] servers was [\"10.0.0.3\"] and is [\"10.0.0.3\", \"10.0.0.4\"]" + on_both,
                   "cluster.toml:3: [etcd] key has changed" + on_both,
                   "cluster.toml:4: [etcd] prefix was left out and is \"/x\"" + on_both,
                   "cluster.toml: [recorder] enabled was true and is left out" + on_both}));
  const std::string etcd = "[etcd]\nservers = [\"10.0.0.3\"]\n";
  const auto found = configuration_changes({{"cluster.toml", etcd}, {"modules/shop.toml", "timeout = \"2s\"\n"}},
                                           {{"cluster.toml", etcd}, {"modules/shop.toml", "timeout = \"3s\"\n"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "modules/shop.toml:1: timeout was \"2s\" and is \"3s\"" + on_both);
}

TEST(ConfigurationChanges, says_from_when_on_live_keys_count) {
  EXPECT_EQ(changes("modules/shop.toml", "[application]\nstart = \"a\"\nstop = \"b\"\n",
                    "start_at_boot = false\n[application]\nstart = \"c\"\n"),
            (Texts{"live: modules/shop.toml:1: start_at_boot is new: counts at the next start of lockstepd",
                   "live: modules/shop.toml:3: [application] start has changed: counts from the next phase on",
                   "live: modules/shop.toml: [application] stop is left out: counts from the next phase on"}));
  EXPECT_EQ(changes("cluster.toml", "[[webhook]]\nurl = \"http://a\"\n",
                    "[[webhook]]\nurl = \"http://a\"\n[[webhook]]\nurl = \"http://b\"\nevents = [\"role\"]\n"),
            (Texts{"live: cluster.toml:4: [[webhook]] 2 url is new: counts at once",
                   "live: cluster.toml:5: [[webhook]] 2 events is new: counts at once"}));
}

TEST(ConfigurationChanges, keeps_secrets_to_itself) {
  const std::vector<std::string> found =
      changes("modules/shop.toml", "[[check]]\nsend = \"AUTH hush\"\ncommand = \"login hush\"\n[application]\n",
              "[[check]]\nsend = \"AUTH hush2\"\npath = \"/?key=hush\"\n[application]\nstart = \"run hush\"\n");
  EXPECT_EQ(found, (Texts{"modules/shop.toml:2: [[check]] 1 send has changed" + on_both,
                          "modules/shop.toml:3: [[check]] 1 path is new" + on_both,
                          "live: modules/shop.toml:5: [application] start is new: counts from the next phase on",
                          "modules/shop.toml: [[check]] 1 command is left out" + on_both}));
}

TEST(ConfigurationChanges, a_module_more_or_less_takes_a_restart) {
  const auto found = configuration_changes({{"modules/a.toml", ""}}, {{"modules/b.toml", ""}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "modules/b.toml: is a new module" + on_both);
  EXPECT_EQ(found[1].text, "modules/a.toml: the module's file is gone" + on_both);
  EXPECT_FALSE(found[0].live || found[1].live);
}

TEST(LiveKeys, are_found_with_their_section_and_file) {
  EXPECT_NE(live_key("cluster.toml", "[[webhook]] 12 url"), nullptr);
  EXPECT_NE(live_key("modules/shop.toml", "[application] stop"), nullptr);
  EXPECT_EQ(live_key("modules/shop.toml", "[application] stop_timeout"), nullptr);
  EXPECT_EQ(live_key("modules/shop.toml", "stop"), nullptr);
  EXPECT_EQ(live_key("cluster.toml", "start_at_boot"), nullptr);
  EXPECT_EQ(live_key("cluster.toml", "[[node]] 1 url"), nullptr);
}

TEST(LiveKeys, are_those_of_the_manual_page) {
  std::string documented;
  std::ifstream page(LOCKSTEP_CONFIGURATION_PAGE);
  ASSERT_TRUE(page);
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("- `")) documented += line + "\n";
  }
  std::string known;
  for (const LiveKey& each : live_keys) {
    known += "- `" + std::string(each.key) + "`: " + std::string(each.from) + "\n";
  }
  EXPECT_EQ(documented, known);
}

/// Of the manual page: "cluster.toml [[webhook]] 1 url", "modules/ port".
std::vector<std::string> documented_keys() {
  std::vector<std::string> keys;
  std::ifstream page(LOCKSTEP_CONFIGURATION_PAGE);
  std::string file;
  std::string section;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("# ")) {
      file = line == "# CLUSTER.TOML" ? "cluster.toml" : line == "# MODULES/MODULE.TOML" ? "modules/" : "";
      section.clear();
    } else if (line.starts_with("## ")) {
      section = line.substr(3) + (line.ends_with("]]") ? " 1 " : " ");
    } else if (!file.empty() && line.starts_with("**")) {
      std::istringstream words(line.substr(0, line.find(" = ")));
      for (std::string word; words >> word;) {
        keys.push_back(file + " " + section + word.substr(2, word.rfind("**") - 2));
      }
    }
  }
  return keys;
}

TEST(ShownKeys, are_all_but_those_that_may_hold_a_secret) {
  std::vector<std::string> hidden;
  std::size_t shown = 0;
  for (const std::string& each : documented_keys()) {
    const std::size_t end = each.find(' ');
    if (is_shown(each.substr(0, end), each.substr(end + 1))) {
      ++shown;
    } else {
      hidden.push_back(each);
    }
  }
  EXPECT_EQ(
      hidden,
      (Texts{"cluster.toml [etcd] authority", "cluster.toml [etcd] certificate", "cluster.toml [etcd] key",
             "cluster.toml [[webhook]] 1 url", "cluster.toml [[webhook]] 1 secret_file",
             "cluster.toml [[webhook]] 1 ca_file", "modules/ [application] prestart", "modules/ [application] start",
             "modules/ [application] stop", "modules/ [application] poststop", "modules/ [application] force_stop",
             "modules/ [[check]] 1 pid_file", "modules/ [[check]] 1 send", "modules/ [[check]] 1 expect",
             "modules/ [[check]] 1 path", "modules/ [[check]] 1 host", "modules/ [[check]] 1 command"}));
  EXPECT_EQ(shown, shown_keys.size());
  EXPECT_TRUE(is_shown("modules/shop.toml", "[[check]] 12 port"));
  EXPECT_FALSE(is_shown("modules/shop.toml", "[[check]] 1 send"));
  EXPECT_FALSE(is_shown("modules/shop.toml", "nonsense"));
}

}  // namespace
}  // namespace lockstep::prod

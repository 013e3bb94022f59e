// A changed configuration is taken as a whole or not at all, and everybody hears which.
#include "prod/daemon/reloader.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

const std::string cluster =
    "name = \"demo\"\n[[node]]\nname = \"s1\"\naddress = \"10.77.1.1\"\n[[node]]\nname = \"s2\"\n"
    "address = \"10.77.1.2\"\n[witness]\naddress = \"10.77.0.3\"\n";
const std::string module_file = "directory = \"/srv/shop\"\nport = 7701\n[application]\nstart = \"old\"\n";

class ReloaderTest : public testing::Test {
 protected:
  ReloaderTest() {
    char name[] = "/tmp/lockstep-reload-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::filesystem::create_directory(directory_ + "/modules");
    write("cluster.toml", cluster);
    write("modules/shop.toml", module_file);
    running_ = load_configuration(directory_, LoadScope::cluster_and_modules).texts;
  }
  ~ReloaderTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& file, const std::string& text) { std::ofstream(directory_ + "/" + file) << text; }
  Reloader reloader() {
    return {directory_,
            running_,
            {[this](const ConfigurationFiles& files) {
               if (apply_) apply_();
               applied_.push_back(files);
             },
             [this](const ModuleEvent& event) { events_.push_back(event); },
             [this](io::Severity, const std::string& text) { log_ += text + "\n"; }}};
  }

  std::string directory_;
  ConfigurationTexts running_;
  std::function<void()> apply_;  ///< what may go wrong, or take long
  std::vector<ConfigurationFiles> applied_;
  std::vector<ModuleEvent> events_;
  std::string log_;
};

TEST_F(ReloaderTest, takes_what_is_live_once) {
  Reloader subject = reloader();
  write("modules/shop.toml", "directory = \"/srv/shop\"\nport = 7701\n[application]\nstart = \"new\"\n");
  write("cluster.toml", cluster + "[[webhook]]\nurl = \"https://hooks.example.org/hush\"\n");
  const ControlAnswer answer = subject.reload("eve");
  EXPECT_EQ(answer.outcome, Outcome::done);
  EXPECT_EQ(answer.text,
            "applied:\ncluster.toml:11: [[webhook]] 1 url is new: counts at once\n"
            "modules/shop.toml:4: [application] start has changed: counts from the next phase on");
  ASSERT_EQ(applied_.size(), 1U);
  EXPECT_EQ(applied_[0].modules[0].commands[1], "new");
  EXPECT_EQ(applied_[0].cluster.webhooks.size(), 1U);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].name, "configuration_reloaded");
  EXPECT_TRUE(events_[0].text.starts_with("eve changed the configuration of the running daemon: cluster.toml:11: "));
  EXPECT_NE(log_.find("reload by eve: cluster.toml:11: [[webhook]] 1 url"), std::string::npos) << log_;
  EXPECT_EQ((answer.text + events_[0].text + log_).find("hush"), std::string::npos);

  EXPECT_EQ(subject.reload("eve").text, "nothing differs: the daemon runs with what is in " + directory_);
  EXPECT_EQ(applied_.size(), 1U);
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(ReloaderTest, applies_nothing_where_one_key_takes_a_restart) {
  Reloader subject = reloader();
  write("modules/shop.toml",
        "directory = \"/srv/shop\"\nport = 7701\ntimeout = \"5s\"\n[application]\nstart = \"new\"\n");
  const ControlAnswer answer = subject.reload("SIGHUP");
  EXPECT_EQ(answer.outcome, Outcome::refused);
  EXPECT_EQ(answer.text,
            "nothing is applied: some changes cannot be made while it runs:\nmodules/shop.toml:3: timeout was left out "
            "and is \"5s\": needs a restart of lockstepd on both nodes, and of lockstep-witness");
  EXPECT_TRUE(applied_.empty());
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].name, "reload_refused");
  EXPECT_EQ(subject.running(), running_);

  write("modules/shop.toml", module_file + "# with a word about it\n");
  EXPECT_EQ(subject.reload("SIGHUP").outcome, Outcome::done);
  EXPECT_NE(subject.running(), running_);
}

TEST_F(ReloaderTest, refuses_mistakes_in_the_words_of_check) {
  Reloader subject = reloader();
  write("modules/shop.toml", module_file + "strat = \"new\"\n");
  const ControlAnswer answer = subject.reload("eve");
  EXPECT_EQ(answer.outcome, Outcome::refused);
  const auto errors = load_configuration(directory_, LoadScope::cluster_and_modules).errors;
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(answer.text,
            "nothing is applied: the configuration in " + directory_ + " has mistakes:\n" + to_string(errors[0]));
  EXPECT_TRUE(applied_.empty());
  EXPECT_EQ(subject.running(), running_);
}

TEST_F(ReloaderTest, does_not_wait_for_a_pipe) {
  Reloader subject = reloader();
  ASSERT_EQ(std::system(("mkfifo " + directory_ + "/modules/pipe.toml").c_str()), 0);
  EXPECT_NE(subject.reload("eve").text.find("pipe.toml is no file"), std::string::npos);
}

TEST_F(ReloaderTest, what_cannot_be_applied_is_refused) {
  Reloader subject = reloader();
  write("modules/shop.toml", "directory = \"/srv/shop\"\nport = 7701\n[application]\nstart = \"new\"\n");
  apply_ = [] { throw std::runtime_error("no thread is left"); };
  const ControlAnswer answer = subject.reload("eve");
  EXPECT_EQ(answer.outcome, Outcome::refused);
  EXPECT_EQ(answer.text, "nothing is applied: it cannot be applied: no thread is left");
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].name, "reload_refused");
  EXPECT_EQ(subject.running(), running_);

  apply_ = nullptr;
  EXPECT_TRUE(subject.reload("eve").text.starts_with("applied:\nmodules/shop.toml:4: "));
}

TEST_F(ReloaderTest, nobody_waits_for_a_reload_to_know_what_counts) {
  Reloader subject = reloader();
  write("modules/shop.toml", "directory = \"/srv/shop\"\nport = 7701\n[application]\nstart = \"new\"\n");
  ConfigurationTexts meanwhile;
  apply_ = [&] { meanwhile = std::async(std::launch::async, [&] { return subject.running(); }).get(); };
  EXPECT_EQ(subject.reload("eve").outcome, Outcome::done);
  EXPECT_EQ(meanwhile, running_);
  EXPECT_NE(subject.running(), running_);
}

TEST_F(ReloaderTest, only_who_asks_is_told_what_is_written_at_the_wrong_place) {
  Reloader subject = reloader();
  write("cluster.toml", cluster + "[[webhook]]\nurl = \"https://hooks.example.org\"\nsecret_file = \"hush\"\n");
  const ControlAnswer answer = subject.reload("eve");
  EXPECT_NE(answer.text.find("\"secret_file\" is \"hush\": write an absolute path"), std::string::npos) << answer.text;
  const std::string outline = "cluster.toml:12: [[webhook]] 1 secret_file: \"lockstep check\" says what is wrong";
  ASSERT_EQ(events_.size(), 1U);
  for (const std::string& told : {events_[0].text, log_}) {
    EXPECT_NE(told.find(outline), std::string::npos) << told;
    EXPECT_EQ(told.find("hush"), std::string::npos) << told;
  }
  write("cluster.toml", cluster + "[[webhook]]\nurl = hush\n");
  events_.clear();
  log_.clear();
  EXPECT_EQ(subject.reload("eve").outcome, Outcome::refused);
  EXPECT_NE(log_.find("cluster.toml:11: \"lockstep check\" says"), std::string::npos) << log_;
  EXPECT_EQ((events_[0].text + log_).find("hush"), std::string::npos) << log_;
}

TEST_F(ReloaderTest, files_that_are_being_changed_are_not_taken) {
  Reloader subject = reloader();
  // As one is told to: renamed into place, so that each reading by itself is whole.
  std::jthread writer([this](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      write("modules/shop.toml.new", module_file + "# " + std::to_string(i) + "\n");
      std::filesystem::rename(directory_ + "/modules/shop.toml.new", directory_ + "/modules/shop.toml");
    }
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  ControlAnswer answer;
  while (answer.outcome == Outcome::done && std::chrono::steady_clock::now() < end) answer = subject.reload("eve");
  EXPECT_EQ(answer.text, "nothing is applied: the files are changing: try again");
  EXPECT_EQ(events_.size(), 1U);
}

}  // namespace
}  // namespace lockstep::prod

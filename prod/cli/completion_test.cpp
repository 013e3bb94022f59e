// What may come next, taken from a parser as the tool has one.
#include "prod/cli/completion.h"

#include "prod/cli/command_tree.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() : app_("A tool.", "tool") {
    char name[] = "/tmp/lockstep-completion-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::filesystem::create_directories(directory_ + "/modules");
    std::ofstream(directory_ + "/modules/shop.toml") << "";
    std::ofstream(directory_ + "/modules/notes.txt") << "";
    app_.add_option("--config", text_, "Where")->type_name("DIR");
    app_.add_option("-m,--module", text_, "Which")->type_name("MODULE");
    CLI::App* status = app_.add_subcommand("status", "How it is; more");
    status->add_flag("--json", flag_, "For scripts");
    CLI::App* conflicts = app_.add_subcommand("conflicts", "What was kept");
    conflicts->add_subcommand("restore", "Give it back");
    app_.add_subcommand("completion", "A script")
        ->add_option("shell", text_, "Whose")
        ->check(CLI::IsMember({"bash", "fish"}));
    app_.add_subcommand("start", "Start it")->add_option("--wait", text_, "How long")->expected(0, 1);
  }
  ~CompletionTest() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> after(const std::vector<std::string>& words) {
    std::vector<std::string> found;
    for (const CompletionWord& each : complete(command_tree(app_), words, directory_)) found.push_back(each.word);
    return found;
  }
  using Words = std::vector<std::string>;

  CLI::App app_;
  std::string text_;
  bool flag_ = false;
  std::string directory_;
};

TEST_F(CompletionTest, commands_and_what_belongs_to_them) {
  EXPECT_EQ(after({""}), (Words{"completion", "conflicts", "start", "status"}));
  EXPECT_EQ(after({"sta"}), (Words{"start", "status"}));
  EXPECT_EQ(after({"conflicts", ""}), Words{"restore"});
  EXPECT_EQ(after({"completion", ""}), (Words{"bash", "fish"}));
  EXPECT_EQ(after({"completion", "bash", ""}), Words{});
  EXPECT_EQ(complete(command_tree(app_), {"stat"}, "")[0].help, "How it is");
}

TEST_F(CompletionTest, options_of_the_command_and_of_all) {
  EXPECT_EQ(after({"status", "--j"}), Words{"--json"});
  EXPECT_EQ(after({"status", "--"}), (Words{"--config", "--help", "--json", "--module"}));
  EXPECT_EQ(after({"--j"}), Words{});
}

TEST_F(CompletionTest, values_where_an_option_wants_one) {
  EXPECT_EQ(after({"-m", ""}), Words{"shop"});
  EXPECT_EQ(after({"status", "--module", "s"}), Words{"shop"});
  EXPECT_EQ(after({"-m", "status", ""}), (Words{"completion", "conflicts", "start", "status"}));
  EXPECT_EQ(after({"start", "--wait", "--c"}), Words{"--config"});
  EXPECT_EQ(after({"--config", directory_ + "/mo"}), Words{directory_ + "/modules/"});
  std::filesystem::create_directories(directory_ + "/other/modules");
  std::ofstream(directory_ + "/other/modules/mail.toml") << "";
  EXPECT_EQ(after({"--config", directory_ + "/other", "-m", ""}), Words{"mail"});
}

TEST(CompletionScript, is_there_for_each_shell) {
  for (const char* shell : {"bash", "fish", "zsh"}) {
    EXPECT_NE(completion_script(shell).find("lockstep completion words"), std::string::npos);
  }
  EXPECT_EQ(completion_script("cmd"), "");
}

}  // namespace
}  // namespace lockstep::prod

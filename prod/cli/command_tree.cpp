#include "prod/cli/command_tree.h"

#include <sstream>

#include <CLI/CLI.hpp>

namespace lockstep::prod {

namespace {

/// CLI11 writes a set of values as a type: "TEXT:{bash,fish,zsh}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin);
  std::vector<std::string> choices;
  if (begin == std::string::npos || end == std::string::npos) return choices;
  std::istringstream list(type.substr(begin + 1, end - begin - 1));
  for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
  return choices;
}

CommandValue value_of(const CLI::Option& option) {
  using Kind = CommandValue::Kind;
  if (option.get_items_expected_min() == 0) return {};
  const std::string type = option.get_type_name();
  if (auto choices = choices_of(type); !choices.empty()) return {Kind::choice, std::move(choices)};
  if (type.find("MODULE") != std::string::npos) return {Kind::module, {}};
  if (type.find("DIR") != std::string::npos) return {Kind::directory, {}};
  return {Kind::anything, {}};
}

void add(const CLI::App& app, Command& command) {
  command.name = app.get_name();
  command.help = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) {
      command.arguments.push_back(value_of(*option));
      continue;
    }
    CommandOption entry;
    for (const std::string& name : option->get_snames()) entry.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) entry.names.push_back("--" + name);
    entry.help = option->get_description();
    entry.value = value_of(*option);
    command.options.push_back(std::move(entry));
  }
  for (const CLI::App* each : app.get_subcommands([](const CLI::App* /*any*/) { return true; })) {
    add(*each, command.commands.emplace_back());
  }
}

}  // namespace

Command command_tree(const CLI::App& app) {
  Command root;
  add(app, root);
  return root;
}

}  // namespace lockstep::prod

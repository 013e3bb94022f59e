// The command line as plain data, taken from the parser itself: what is made of it cannot go stale.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lockstep::prod {

/// What stands behind an option, or as an argument.
struct CommandValue {
  enum class Kind { none, anything, module, directory, choice };
  Kind kind = Kind::none;
  std::vector<std::string> choices;
};

struct CommandOption {
  std::vector<std::string> names;  ///< with their dashes: "-m", "--module"
  std::string help;
  CommandValue value;  ///< none: a flag, or the value may be left out
};

struct Command {
  std::string name;
  std::string help;
  std::vector<CommandOption> options;
  std::vector<CommandValue> arguments;  ///< by position
  std::vector<Command> commands;
};

Command command_tree(const CLI::App& app);

}  // namespace lockstep::prod

#include "prod/cli/completion.h"

#include <algorithm>
#include <filesystem>

namespace lockstep::prod {

namespace {

using Kind = CommandValue::Kind;
namespace fs = std::filesystem;

constexpr const char* bash_script =
    R"(# bash: source this, or save it as /usr/share/bash-completion/completions/lockstep
_lockstep() {
  local IFS=$'\n'
  COMPREPLY=($(lockstep completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -F _lockstep lockstep
)";

constexpr const char* zsh_script = R"(#compdef lockstep
# zsh: save this as _lockstep in a directory of $fpath, or source it after compinit
_lockstep() {
  local -a found
  found=("${(@f)$(lockstep completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found//:/\\:}")
  found=("${(@)found/$'\t'/:}")
  _describe lockstep found
}
if [ "$funcstack[1]" = _lockstep ]; then _lockstep "$@"; else compdef _lockstep lockstep; fi
)";

constexpr const char* fish_script = R"(# fish: source this, or save it as ~/.config/fish/completions/lockstep.fish
complete -c lockstep -f -a '(lockstep completion words (commandline -opc)[2..-1] (commandline -ct))'
)";

/// The first clause: lists of completions are narrow.
std::string brief(const std::string& help) { return help.substr(0, help.find_first_of(";:\n")); }

const CommandOption* find_option(const Command& command, const std::string& name) {
  for (const CommandOption& option : command.options) {
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  }
  return nullptr;
}

std::vector<CompletionWord> modules_in(const std::string& configuration) {
  std::vector<CompletionWord> words;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(configuration) / "modules", ignored)) {
    if (entry.path().extension() == ".toml") words.push_back({entry.path().stem().string(), "module"});
  }
  return words;
}

/// Those whose paths begin with what was typed.
std::vector<CompletionWord> directories(const std::string& typed) {
  std::vector<CompletionWord> words;
  const std::string parent = typed.substr(0, typed.rfind('/') + 1);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, ignored)) {
    if (entry.is_directory(ignored)) words.push_back({parent + entry.path().filename().string() + "/", ""});
  }
  return words;
}

std::vector<CompletionWord> values(const CommandValue& value, const std::string& typed,
                                   const std::string& configuration) {
  std::vector<CompletionWord> words;
  switch (value.kind) {
    case Kind::module: return modules_in(configuration);
    case Kind::directory: return directories(typed);
    case Kind::choice:
      for (const std::string& choice : value.choices) words.push_back({choice, ""});
      return words;
    case Kind::none:
    case Kind::anything: break;
  }
  return words;
}

/// Where a line stands after some words.
struct Position {
  const Command* command;
  const CommandOption* wants_value = nullptr;
  std::size_t arguments = 0;  ///< that the command has already
  std::string configuration;
};

void go_on(Position& at, const Command& root, const std::string& word) {
  if (at.wants_value != nullptr) {
    if (find_option(root, "--config") == at.wants_value) at.configuration = word;
    at.wants_value = nullptr;
  } else if (word.starts_with('-')) {
    const CommandOption* option = find_option(*at.command, word);
    if (option == nullptr) option = find_option(root, word);
    if (option != nullptr && option->value.kind != Kind::none) at.wants_value = option;
  } else {
    const auto& commands = at.command->commands;
    const auto next =
        std::find_if(commands.begin(), commands.end(), [&](const Command& each) { return each.name == word; });
    if (next == commands.end()) {
      ++at.arguments;
    } else {
      at.command = &*next;
      at.arguments = 0;
    }
  }
}

void add_options(const Command& command, std::vector<CompletionWord>& words) {
  for (const CommandOption& option : command.options) {
    for (const std::string& name : option.names) words.push_back({name, brief(option.help)});
  }
}

}  // namespace

std::vector<CompletionWord> complete(const Command& root, const std::vector<std::string>& words,
                                     const std::string& configuration) {
  Position at{&root, nullptr, 0, configuration};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) go_on(at, root, words[i]);
  const std::string typed = words.empty() ? "" : words.back();
  std::vector<CompletionWord> found;
  if (at.wants_value != nullptr) {
    found = values(at.wants_value->value, typed, at.configuration);
  } else if (typed.starts_with('-')) {
    add_options(*at.command, found);
    if (at.command != &root) add_options(root, found);  // what is understood behind any command
  } else {
    for (const Command& command : at.command->commands) found.push_back({command.name, brief(command.help)});
    if (at.arguments < at.command->arguments.size()) {
      const auto arguments = values(at.command->arguments[at.arguments], typed, at.configuration);
      found.insert(found.end(), arguments.begin(), arguments.end());
    }
  }
  std::erase_if(found, [&](const CompletionWord& each) { return !each.word.starts_with(typed); });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.word < b.word; });
  found.erase(std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.word == b.word; }),
              found.end());
  return found;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  return {};
}

}  // namespace lockstep::prod

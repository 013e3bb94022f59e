// What may come next on a command line, and the scripts with which shells ask for it.
#pragma once

#include "prod/cli/command_tree.h"

#include <string>
#include <vector>

namespace lockstep::prod {

struct CompletionWord {
  std::string word;
  std::string help;  ///< a few words, or empty
};

/// `words`: all that stand behind the program's name; the last one, which may be empty, is being typed. Names of
/// modules are those of the files in the configuration directory: that of --config, else `configuration`.
std::vector<CompletionWord> complete(const Command& root, const std::vector<std::string>& words,
                                     const std::string& configuration);

/// For "bash", "zsh" or "fish": to be sourced, or put where the shell looks. Empty for any other shell. They run
/// `lockstep completion words WORD...`, which prints a line a word, with its help behind a tab.
std::string completion_script(const std::string& shell);

}  // namespace lockstep::prod

#include "prod/cli/token_verbs.h"

#include "prod/api/tokens.h"
#include "prod/config/toml_section.h"

#include <algorithm>
#include <iomanip>
#include <iostream>

#include <CLI/CLI.hpp>

namespace lockstep::prod {

namespace {

bool complain(const std::string& text) {
  std::cerr << "lockstep token: " << text << "\n";
  return false;
}

bool add(std::vector<ApiToken> tokens, const TokenCommand& command, const std::string& configuration) {
  if (!is_name(command.name)) return complain("a name has lower case letters, digits, \"-\" and \"_\", at most 63");
  const bool taken =
      std::any_of(tokens.begin(), tokens.end(), [&](const ApiToken& token) { return token.name == command.name; });
  if (taken) return complain("\"" + command.name + "\" has a token already: choose another name, or remove that first");
  NewApiToken made = make_token(command.name, *parse_role(command.role));
  tokens.push_back(std::move(made.token));
  if (const std::string error = write_tokens(configuration, tokens); !error.empty()) return complain(error);
  std::cerr << "The token of " << command.name << ", for this server; it is shown this once:\n";
  std::cout << made.presented << "\n";
  return true;
}

bool remove(std::vector<ApiToken> tokens, const std::string& name, const std::string& configuration) {
  if (std::erase_if(tokens, [&](const ApiToken& token) { return token.name == name; }) == 0) {
    return complain("there is no token of \"" + name + "\": \"lockstep token list\" shows whose there are");
  }
  const std::string error = write_tokens(configuration, tokens);
  return error.empty() || complain(error);
}

void list(const std::vector<ApiToken>& tokens) {
  for (const ApiToken& token : tokens) {
    std::cout << std::left << std::setw(24) << token.name << std::setw(10) << to_string(token.role) << token.created
              << "\n";
  }
}

}  // namespace

void add_token_verb(CLI::App& app, TokenCommand& command, std::string& verb) {
  CLI::App* token = app.add_subcommand("token", "Who may use the HTTP API of this server, and for what");
  token->callback([&verb] { verb = "token"; });
  token->require_subcommand(0, 1);

  CLI::App* adding = token->add_subcommand("add", "Make a token and print it, this once");
  adding->add_option("name", command.name, "Of who or what will have it")->required();
  adding->add_option("--role", command.role, "monitor looks, control starts and stops, admin may also give data up")
      ->required()
      ->check(CLI::IsMember({"monitor", "control", "admin"}));
  adding->callback([&command] { command.action = TokenAction::add; });

  CLI::App* removing = token->add_subcommand("remove", "It is worth nothing from then on");
  removing->add_option("name", command.name, "As listed")->required();
  removing->callback([&command] { command.action = TokenAction::remove; });

  token->add_subcommand("list", "Names, roles, and since when");
}

bool run_token(const TokenCommand& command, const std::string& configuration) {
  ApiTokens read = read_tokens(configuration);
  if (!read.problem.empty()) return complain(read.problem);
  if (command.action == TokenAction::add) return add(std::move(read.tokens), command, configuration);
  if (command.action == TokenAction::remove) return remove(std::move(read.tokens), command.name, configuration);
  list(read.tokens);
  return true;
}

}  // namespace lockstep::prod

// "lockstep token": who may use the HTTP API of this server, and for what.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace lockstep::prod {

enum class TokenAction : std::uint8_t { list, add, remove };

struct TokenCommand {
  TokenAction action = TokenAction::list;
  std::string name;
  std::string role;
};

void add_token_verb(CLI::App& app, TokenCommand& command, std::string& verb);
/// Changes the files of this server alone; a running daemon reads them again by itself.
bool run_token(const TokenCommand& command, const std::string& configuration);

}  // namespace lockstep::prod

// The verbs of the command line tool that make a cluster: init, invite, join, renew.
#pragma once

#include "prod/setup/setup.h"

namespace CLI {
class App;
}

namespace lockstep::prod {

struct SetupCommand {
  InitOptions init;
  InviteOptions invite;
  JoinOptions join;
};

void add_setup_verbs(CLI::App& app, SetupCommand& command, std::string& verb);
bool is_setup_verb(const std::string& verb);
/// `configuration`, `node`: as the whole program was told.
bool run_setup(SetupCommand command, const std::string& verb, const std::string& configuration,
               const std::string& node);

}  // namespace lockstep::prod

// lockstep-sim: runs the engine through seeded disasters and checks the invariants.
// Exit status: 0 clean, 1 an invariant was broken (its ID and the seed are named), 2 usage, 3 a merged report lacks
// shards.
#include "sim/program/subcommand.h"

#include <cstdio>

namespace lockstep::sim {
namespace {

int main_with(int argc, char** argv) {
  CLI::App app("Runs the engine through seeded disasters and checks every invariant");
  app.require_subcommand(1);
  const std::vector<Subcommand> subcommands{add_run(app),     add_merge(app),  add_replay(app),   add_shrink(app),
                                            add_explore(app), add_plants(app), add_profiles(app), add_scenarios(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return exit_usage;
  }
  try {
    for (const Subcommand& each : subcommands) {
      if (each.app->parsed()) return each.action();
    }
  } catch (const UsageError& error) {
    std::fprintf(stderr, "lockstep-sim: %s\n", error.what());
  }
  return exit_usage;
}

}  // namespace
}  // namespace lockstep::sim

int main(int argc, char** argv) { return lockstep::sim::main_with(argc, argv); }

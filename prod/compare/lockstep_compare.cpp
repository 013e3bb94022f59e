// lockstep-compare: whether two directory trees hold the same, as an application would see them.
#include "io/linux/compare_trees.h"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  constexpr int equal = 0, different = 1, usage = 2;
  std::string first, second;
  CLI::App app(
      "Compares two directory trees: names, types, bytes, owners, modes, times, links, attributes. Prints one\n"
      "line for each difference. Neither tree may change meanwhile.",
      "lockstep-compare");
  app.footer("Exit status: 0 equal, 1 different, 2 wrong usage.");
  app.set_version_flag("--version", "lockstep-compare " LOCKSTEP_VERSION);
  app.add_option("DIR1", first, "The one tree")->required()->check(CLI::ExistingDirectory);
  app.add_option("DIR2", second, "The other tree")->required()->check(CLI::ExistingDirectory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? equal : usage;
  }
  const auto differences = lockstep::linux_io::compare_trees(first, second);
  for (const std::string& difference : differences) std::cout << difference << "\n";
  if (differences.size() >= lockstep::linux_io::compare_trees_differences_max) {
    std::cout << "there may be more differences\n";
  }
  return differences.empty() ? equal : different;
}

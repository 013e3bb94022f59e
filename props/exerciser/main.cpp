// file_exerciser: random operations on the files of a directory, beside a model of what they must hold.
#include "props/exerciser/exerciser.h"

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace lockstep::exerciser {
namespace {

enum Exit : int { equal = 0, mismatched = 1, usage = 2, interrupted = 3 };

/// Unbuffered: a line that is in a pipe outlives this process and its machine.
void say(const std::string& line) {
  const std::string text = line + '\n';
  if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::terminate();
}

int exercise(const Settings& settings, const std::optional<std::uint64_t>& resume_after) {
  Exerciser exerciser(settings);
  try {
    if (resume_after) {
      const Resumed resumed = exerciser.resume(*resume_after);
      say(fmt::format("resumed after {}, {} files restored", resumed.after, resumed.restored));
    } else {
      exerciser.begin();
    }
    exerciser.run([](std::uint64_t number) { say(std::to_string(number)); });
    say("equal");
    return equal;
  } catch (const Mismatch& mismatch) {
    say(fmt::format("mismatch: {}", mismatch.what()));
    for (const Call& call : exerciser.recent()) say("  " + describe(call));
    return mismatched;
  } catch (const Interrupted& interruption) {
    say(fmt::format("interrupted: {}", interruption.what()));
    return interrupted;
  }
}

int main_with(int argc, char** argv) {
  Settings settings;
  std::optional<std::uint64_t> resume_after;
  CLI::App app(
      "Makes random operations on a handful of files: overlapping writes and reads, shared mappings, O_DIRECT,\n"
      "O_APPEND, truncate, fallocate, copies, rename, link, unlink, fsync. Holds what comes of each, and now and then\n"
      "everything, against a model in memory. Prints the number of each operation that has been made, and at the end\n"
      "`equal`. The same seed makes the same operations.",
      "file_exerciser");
  app.footer(
      "Exit status: 0 equal, 1 a mismatch (file, offset, operation and seed are named), 2 wrong usage,\n"
      "3 the directory's mount has ended.");
  app.add_option("DIRECTORY", settings.directory, "Where: empty at first, and nobody else writes there")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--seed", settings.seed, "Decides the operations")->capture_default_str();
  app.add_option("--operations", settings.operations, "How many, in all")->capture_default_str();
  app.add_option("--check-every", settings.check_every, "Everything is read back after so many operations")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--resume-after", resume_after,
                 "A run with the same seed has said this number last, and has ended then, or its machine has: what it\n"
                 "has left must be what it said; then goes on");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? equal : usage;
  }
  try {
    return exercise(settings, resume_after);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "file_exerciser: %s\n", error.what());
    return usage;
  }
}

}  // namespace
}  // namespace lockstep::exerciser

int main(int argc, char** argv) { return lockstep::exerciser::main_with(argc, argv); }

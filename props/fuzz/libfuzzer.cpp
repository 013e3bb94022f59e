// lockstep-fuzz: libFuzzer with one of the targets.
//   lockstep-fuzz --target=NAME [-OPTION=VALUE...] CORPUS...     options of libFuzzer: -help=1
//   lockstep-fuzz --targets                                      their names
//   lockstep-fuzz --target=NAME --limits                         the longest input worth trying, and how many to try
//   lockstep-fuzz --target=NAME --write-seeds=DIRECTORY          fills it with valid inputs
#include "engine/values/check.h"
#include "props/fuzz/targets.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using namespace lockstep;

const fuzz::Target* chosen = nullptr;

[[noreturn]] void refuse(const std::string& text) {
  std::fprintf(stderr, "lockstep-fuzz: %s\n", text.c_str());
  std::exit(2);
}

void print_failed_check(std::string_view condition, std::string_view meaning, std::string_view file, int line) {
  std::fprintf(stderr, "%s:%d: %s: %s does not hold\n", std::string(file).c_str(), line, std::string(meaning).c_str(),
               std::string(condition).c_str());
}

void write_seeds(const std::string& directory) {
  std::size_t number = 0;
  for (const Buffer& seed : chosen->seeds()) {
    const std::string path = directory + "/seed-" + std::to_string(++number);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(seed.text().data(), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) refuse("cannot write " + path);
  }
  if (number == 0) refuse(std::string(chosen->name) + " has no seeds");
}

}  // namespace

// libFuzzer leaves alone what begins with two dashes.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  std::string seeds;
  bool limits = false;
  for (int i = 1; i < *count; ++i) {
    const std::string argument = (*arguments)[i];
    if (argument == "--targets") {
      for (const fuzz::Target* each : fuzz::all_targets()) {
        std::printf("%s\n", std::string(each->name).c_str());
      }
      std::exit(0);
    }
    if (argument.starts_with("--target=")) chosen = fuzz::find_target(argument.substr(argument.find('=') + 1));
    if (argument == "--limits") limits = true;
    if (argument.starts_with("--write-seeds=")) seeds = argument.substr(argument.find('=') + 1);
  }
  if (chosen == nullptr) refuse("which decoder? --target=NAME, one of those that --targets lists");
  if (limits) {
    std::printf("%zu %zu\n", chosen->bytes_max, chosen->tries);
    std::exit(0);
  }
  if (!seeds.empty()) {
    write_seeds(seeds);
    std::exit(0);
  }
  set_check_handler(print_failed_check);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->accepts(Buffer::copy_of(std::as_bytes(std::span(data, size))));
  return 0;
}

// Every decoder takes what the encoders make, and stays sound on what is nearly that, and on all that has ever broken
// one.
#include "engine/values/check.h"
#include "props/fuzz/targets.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace lockstep::fuzz {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_failed_check(std::string_view condition, std::string_view meaning, std::string_view, int) {
  throw std::logic_error(std::string(meaning) + ": " + std::string(condition));
}

class FuzzCorpus : public testing::TestWithParam<const Target*> {
 protected:
  void SetUp() override { set_check_handler(throw_failed_check); }
};

INSTANTIATE_TEST_SUITE_P(Decoders, FuzzCorpus, testing::ValuesIn(all_targets().begin(), all_targets().end()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST_P(FuzzCorpus, WhatTheEncodersMakeIsTaken) {
  const std::vector<Buffer> seeds = GetParam()->seeds();
  ASSERT_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    EXPECT_LE(seeds[i].size(), GetParam()->bytes_max) << "seed " << i;
    EXPECT_TRUE(GetParam()->accepts(Buffer::copy_of(seeds[i].bytes()))) << "seed " << i;
  }
}

TEST_P(FuzzCorpus, WhatIsCutShortOrChangedDoesNoHarm) {
  constexpr std::size_t tries_max = 2000;
  const std::vector<Buffer> seeds = GetParam()->seeds();
  std::size_t bytes = 0;
  for (const Buffer& seed : seeds) bytes += seed.size();
  const std::size_t step = 1 + 2 * bytes / tries_max;
  for (const Buffer& seed : seeds) {
    for (std::size_t at = 0; at < seed.size(); at += step) {
      GetParam()->accepts(Buffer::copy_of(seed.bytes().first(at)));
      std::vector<std::byte> changed(seed.bytes().begin(), seed.bytes().end());
      changed[at] ^= static_cast<std::byte>(at % 3 == 0 ? 0x80 : 0x01 << at % 7);
      GetParam()->accepts(Buffer(std::move(changed)));
    }
  }
}

TEST_P(FuzzCorpus, WhatOnceBrokeItDoesNoHarm) {
  const fs::path folder = fs::path(LOCKSTEP_FUZZ_REGRESSIONS) / GetParam()->name;
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(file) << entry.path();
    SCOPED_TRACE(entry.path());
    GetParam()->accepts(Buffer::copy_of(bytes));
  }
}

TEST(FuzzRegressions, EachIsOfADecoder) {
  for (const auto& entry : fs::directory_iterator(LOCKSTEP_FUZZ_REGRESSIONS)) {
    if (entry.is_directory()) EXPECT_NE(find_target(entry.path().filename().string()), nullptr) << entry.path();
  }
}

}  // namespace
}  // namespace lockstep::fuzz

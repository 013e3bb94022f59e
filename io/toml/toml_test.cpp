#include "io/toml/toml.h"

#include <vector>

#include <gtest/gtest.h>

namespace lockstep {
namespace {

std::string utf8(char32_t character) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xC0 | character >> 6), byte(0x80 | (character & 0x3F))};
  return {byte(0xE0 | character >> 12), byte(0x80 | (character >> 6 & 0x3F)), byte(0x80 | (character & 0x3F))};
}

/// "LINE:COLUMN: text", or empty.
std::string error_of(const std::string& text) {
  try {
    parse_toml_text(text);
  } catch (const TomlError& error) {
    return std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.what();
  }
  return {};
}

/// From all that the library's test for whitespace once had no answer for, and from beside it.
std::vector<char32_t> suspects() {
  std::vector<char32_t> all;
  const auto add = [&all](char32_t each) {
    if (each < 0xD800 || each > 0xDFFF) all.push_back(each);
  };
  for (const char32_t edge : {0xA1, 0x499, 0x2C5E, 0x3000, 0x3057, 0xFB26, 0xFEFE}) {
    for (char32_t each = edge - 2; each <= edge + 2; ++each) add(each);
  }
  constexpr char32_t step = 61;
  for (char32_t each = 0x80; each <= 0xFFFF; each += step) add(each);
  return all;
}

// The preset `asan` would end here.
TEST(Toml, NoCharacterIsBeyondTheParser) {
  for (const char32_t each : suspects()) {
    const std::string character = utf8(each);
    SCOPED_TRACE(static_cast<std::uint32_t>(each));
    for (const char* before : {"", "a", "a.", "a ", "a = ", "a = 1", "a = 1 ", "a = [", "a = [1", "a = 1\"", "[", "[a",
                               "a = {", "a = {b", "a = \"\"\"\\ "}) {
      const std::string error = error_of(std::string("# first\n") + before + character + "\n");
      EXPECT_TRUE(error.starts_with("2:")) << before << character << ": " << error;
    }
  }
}

TEST(Toml, WhereTheyMayStandTheyAreKept) {
  for (const char32_t each : suspects()) {
    const std::string character = utf8(each);
    SCOPED_TRACE(static_cast<std::uint32_t>(each));
    const toml::table table = parse_toml_text("a = \"" + character + "\" # " + character + "\nb = '" + character +
                                              "'\nc = \"\"\"" + character + "\"\"\"\n\"" + character + "\" = 1\n");
    EXPECT_EQ(table["a"].value_or(std::string()), character);
    EXPECT_EQ(table["b"].value_or(std::string()), character);
    EXPECT_EQ(table["c"].value_or(std::string()), character);
    EXPECT_EQ(table[character].value_or(0), 1);
  }
  EXPECT_EQ(parse_toml_text("a = \"\"\"x\\\n  \xC3\xA4\"\"\"")["a"].value_or(std::string()), "x\xC3\xA4");
}

TEST(Toml, AMistakeHasItsPlaceAndItsRemedy) {
  const std::string remedy = "characters beyond ASCII stand only in quotes and comments";
  const std::string error = error_of("# \xC3\xA4\na = \"\xC3\xA4\" \xEF\xBB\x86\n");
  EXPECT_TRUE(error.starts_with("2:9: ")) << error;
  EXPECT_NE(error.find(remedy), std::string::npos) << error;
  EXPECT_TRUE(error_of("a = \xC3\xA4").ends_with(remedy));
  EXPECT_TRUE(error_of("\xEF\xBB\xBF\xC3\xA4 = 1").ends_with(remedy));
  EXPECT_TRUE(error_of("a = 1\nb = \n").starts_with("2:5: "));
  EXPECT_EQ(error_of("a = 1\nb = \n").find(remedy), std::string::npos);
  EXPECT_EQ(error_of("a").find(remedy), std::string::npos);
}

}  // namespace
}  // namespace lockstep

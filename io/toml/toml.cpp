#include "io/toml/toml.h"

namespace lockstep {

namespace {

/// The rest of the text from a place on that the parser has named; its columns are code points.
std::string_view rest_at(std::string_view text, const toml::source_position& place) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  for (toml::source_index line = 1; line < place.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) return text;
  }
  const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; };
  for (toml::source_index column = 1; column < place.column && !text.empty(); ++column) {
    text.remove_prefix(1);
    while (!text.empty() && continues(text.front())) text.remove_prefix(1);
  }
  return text;
}

}  // namespace

toml::table parse_toml_text(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const toml::source_position place = error.source().begin;
    const std::string_view rest = rest_at(text, place);
    std::string what(error.description());
    if (!rest.empty() && static_cast<unsigned char>(rest.front()) >= 0x80U) {
      what += "; characters beyond ASCII stand only in quotes and comments";
    }
    throw TomlError(static_cast<int>(place.line), static_cast<int>(place.column), what);
  }
}

}  // namespace lockstep

// One table of a configuration file, read key by key; what nobody asked for is a mistake.
#pragma once

#include "engine/values/time.h"
#include "prod/config/toml_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

/// Every reader gives nothing when the key is missing or wrong, and notes an error where that is a mistake.
class TomlSection {
 public:
  enum class Presence : std::uint8_t { required, optional };

  /// `name` as people write it, "[witness]"; empty for the file itself. A value that is no table is an error.
  TomlSection(const TomlValue& value, std::string file, std::string name, std::vector<ConfigurationError>& errors);

  std::optional<std::string> text(std::string_view key, Presence presence);
  std::optional<bool> truth(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key, Presence presence, std::int64_t least, std::int64_t most);
  std::optional<std::uint16_t> port(std::string_view key, Presence presence);
  std::optional<Duration> duration(std::string_view key, Duration least, Duration most);
  /// One of `choices`, as its index.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& choices);
  std::optional<std::string> ip_address(std::string_view key, Presence presence);
  /// An absolute path without "." and "..", no slash at its end.
  std::optional<std::string> path(std::string_view key, Presence presence);
  /// Lower case letters, digits, '-' and '_', at most 63: fit for file names, host names and messages.
  std::optional<std::string> name(std::string_view key, Presence presence);
  /// The value of `key` whatever it is, for a caller that reads on by itself.
  const TomlEntry* any(std::string_view key);

  /// Notes every key that no reader asked for, with what may have been meant.
  void finish();

  void error(TomlPosition position, const std::string& text);
  [[nodiscard]] TomlPosition position_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;

 private:
  const TomlEntry* find(std::string_view key, Presence presence, const char* example);
  void wrong_kind(const TomlEntry& entry, const char* wanted);

  TomlPosition position_;
  const TomlValue::Table* entries_;
  std::string file_;
  std::string name_;
  std::vector<ConfigurationError>& errors_;
  std::vector<std::string> asked_;
};

/// "2s", "200ms", "5m", "24h"; nothing if it is none of these or too long for a Duration.
std::optional<Duration> parse_duration(std::string_view text);
/// The shortest way to write it: "2s", "1500ms".
std::string format_duration(Duration duration);
bool is_name(std::string_view text);
/// That of `words` which `text` most likely stands for, if any is near.
std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& words);

}  // namespace lockstep::prod

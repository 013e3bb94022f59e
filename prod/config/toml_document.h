// A TOML file as a plain tree with positions, so that only one source file of the configuration needs the TOML library.
#pragma once

#include "prod/config/configuration.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lockstep::prod {

struct TomlPosition {
  int line = 0;
  int column = 0;
};

struct TomlEntry;

struct TomlValue {
  using Table = std::vector<TomlEntry>;  ///< in the order of the file
  using Array = std::vector<TomlValue>;
  struct Other {};  ///< a date, a time: no setting has such a value

  TomlPosition position;
  std::variant<Other, bool, std::int64_t, double, std::string, Table, Array> value;

  [[nodiscard]] std::string kind() const;  ///< "a string", "a number", ...
};

struct TomlEntry {
  std::string key;
  TomlPosition position;
  TomlValue value;
};

/// A file's text as its table; what is not TOML adds an error and gives an empty table.
TomlValue parse_toml(std::string_view text, const std::string& shown_name, std::vector<ConfigurationError>& errors);

}  // namespace lockstep::prod

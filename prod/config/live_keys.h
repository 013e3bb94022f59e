// The one list of what `lockstep reload` changes in a running daemon. Whatever is not in it takes a restart, so a new
// key does until somebody has thought about it. lockstep.toml(5) has the same list, and a test compares the two.
#pragma once

#include <array>
#include <string_view>

namespace lockstep::prod {

struct LiveKey {
  std::string_view file;  ///< "cluster.toml", or "modules/" for that of any module
  std::string_view key;   ///< with its section, without the number in a list
  std::string_view from;  ///< from when on the new value counts
};

inline constexpr std::array<LiveKey, 10> live_keys = {{
    {"cluster.toml", "[[webhook]] url", "at once"},
    {"cluster.toml", "[[webhook]] events", "at once"},
    {"cluster.toml", "[[webhook]] secret_file", "at once"},
    {"cluster.toml", "[[webhook]] ca_file", "at once"},
    {"modules/", "start_at_boot", "at the next start of lockstepd"},
    {"modules/", "[application] prestart", "from the next phase on"},
    {"modules/", "[application] start", "from the next phase on"},
    {"modules/", "[application] stop", "from the next phase on"},
    {"modules/", "[application] poststop", "from the next phase on"},
    {"modules/", "[application] force_stop", "from the next phase on"},
}};

/// `key` as written_settings() has it. Null if it takes a restart.
constexpr const LiveKey* live_key(std::string_view file, std::string_view key) {
  constexpr std::string_view list_end = "]] ";
  const std::size_t end = key.find(list_end);
  // "[[webhook]] 2 url" in two parts: the number between them says which of the list.
  const std::string_view section = end == std::string_view::npos ? "" : key.substr(0, end + list_end.size());
  const std::string_view name = section.empty() ? key : key.substr(key.rfind(' ') + 1);
  for (const LiveKey& each : live_keys) {
    if (file.starts_with(each.file) && each.key.starts_with(section) && each.key.substr(section.size()) == name) {
      return &each;
    }
  }
  return nullptr;
}

}  // namespace lockstep::prod

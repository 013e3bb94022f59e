// A configuration file key by key, as it is written: what a comparison of two of them goes by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

struct WrittenSetting {
  std::string key;  ///< as people would say it: "timeout", "[application] start", "[[check]] 2 port"
  std::string value;
  int line = 0;
};

/// A text that is not TOML has none.
std::vector<WrittenSetting> written_settings(const std::string& text);
/// Null if there is no such key.
const WrittenSetting* find_setting(const std::vector<WrittenSetting>& settings, const std::string& key);

/// Whether the value may hold a password: not for terminals and logs that others see.
bool may_hold_secret(const std::string& key);

/// Whose matter a key is. `file` as for messages: "cluster.toml", "modules/shop.toml".
struct Concern {
  bool one_machine = false;  ///< each may have its own
  bool witness = false;      ///< the witness goes by it too
};
Concern concern_of(std::string_view file, std::string_view key);

}  // namespace lockstep::prod

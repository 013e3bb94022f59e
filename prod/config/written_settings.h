// A configuration file key by key, as it is written: what a comparison of two of them goes by.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace lockstep::prod {

struct WrittenSetting {
  std::string key;    ///< as people would say it: "timeout", "[application] start", "[[check]] 2 port"
  std::string value;  ///< on one line, and two different values never the same
  int line = 0;
};

/// A text that is not TOML has none.
std::vector<WrittenSetting> written_settings(const std::string& text);

/// Calls for each key that is not the same in both, null for a text that has not got it: first for those of `one`, then
/// for what the `other` alone has.
void for_each_difference(const std::string& one, const std::string& other,
                         const std::function<void(const WrittenSetting* one, const WrittenSetting* other)>& tell);

}  // namespace lockstep::prod

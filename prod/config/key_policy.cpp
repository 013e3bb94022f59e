#include "prod/config/key_policy.h"

#include "prod/config/written_settings.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

namespace {

/// "[[webhook]] url" of "[[webhook]] 2 url".
std::string without_number(std::string_view key) {
  constexpr std::string_view list_end = "]] ";
  const std::size_t end = key.find(list_end);
  if (end == std::string_view::npos) return std::string(key);
  const std::size_t number = end + list_end.size();
  return std::string(key.substr(0, number)) + std::string(key.substr(key.find(' ', number) + 1));
}

/// Null if it is not in the list.
template <typename Keys>
auto find_key(const Keys& keys, std::string_view file, std::string_view key) {
  const std::string wanted = without_number(key);
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const auto& each) { return file.starts_with(each.file) && each.key == wanted; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace

const LiveKey* live_key(std::string_view file, std::string_view key) { return find_key(live_keys, file, key); }

bool is_shown(std::string_view file, std::string_view key) { return find_key(shown_keys, file, key) != nullptr; }

ThirdVote third_vote_of(const ConfigurationTexts& files) {
  const auto file = files.find(cluster_file_name);
  if (file == files.end()) return ThirdVote::witness;
  const std::vector<WrittenSetting> settings = written_settings(file->second);
  const auto has = [&](std::string_view section) {
    return std::any_of(settings.begin(), settings.end(),
                       [&](const WrittenSetting& setting) { return setting.key.starts_with(section); });
  };
  return has("[etcd] ") ? ThirdVote::etcd : has("[witness] ") ? ThirdVote::witness : ThirdVote::none;
}

Concern concern_of(std::string_view file, std::string_view key, ThirdVote third_vote) {
  const bool witness = third_vote == ThirdVote::witness;
  if (file != "cluster.toml") return {false, witness && key == "timeout"};
  const bool own = key.starts_with("[paths] ") || key == "[http] address" || key == "[api] address";
  const bool servers_only =
      own || key.starts_with("[http] ") || key.starts_with("[api] ") || key.starts_with("[etcd] ");
  return {own, witness && !servers_only};
}

}  // namespace lockstep::prod

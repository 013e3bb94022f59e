#include "prod/config/configuration_changes.h"

#include "prod/config/key_policy.h"
#include "prod/config/written_settings.h"

namespace lockstep::prod {

namespace {

std::string what_to_do(const std::string& file, const std::string& key, ThirdVote third_vote) {
  const Concern concern = concern_of(file, key, third_vote);
  if (concern.one_machine) return "needs a restart of lockstepd";
  return std::string("needs a restart of lockstepd on both nodes") +
         (concern.witness ? ", and of lockstep-witness" : "");
}

/// `before` or `after` is null where the key is not written.
ConfigurationChange change_of(const std::string& file, const WrittenSetting* before, const WrittenSetting* after,
                              ThirdVote third_vote) {
  const std::string& key = (after != nullptr ? after : before)->key;
  const std::string subject = file + (after != nullptr ? ":" + std::to_string(after->line) : "") + ": " + key;
  const LiveKey* live = live_key(file, key);
  std::string what;
  if (live != nullptr || !is_shown(file, key)) {
    what = before == nullptr ? " is new" : after == nullptr ? " is left out" : " has changed";
  } else {
    const auto said = [](const WrittenSetting* setting) { return setting == nullptr ? "left out" : setting->value; };
    what = " was " + said(before) + " and is " + said(after);
  }
  return {subject + what +
              (live != nullptr ? ": counts " + std::string(live->from) : ": " + what_to_do(file, key, third_vote)),
          live != nullptr};
}

}  // namespace

std::vector<ConfigurationChange> configuration_changes(const ConfigurationTexts& running,
                                                       const ConfigurationTexts& now) {
  const ThirdVote third_vote = third_vote_of(now);
  std::vector<ConfigurationChange> changes;
  for (const auto& [file, text] : now) {
    const auto before = running.find(file);
    if (before == running.end()) {
      changes.push_back({file + ": is a new module: needs a restart of lockstepd on both nodes"});
    } else {
      for_each_difference(text, before->second, [&, &file = file](const auto* after, const auto* old) {
        changes.push_back(change_of(file, old, after, third_vote));
      });
    }
  }
  for (const auto& [file, text] : running) {
    if (now.count(file) != 0) continue;
    changes.push_back({file + ": the module's file is gone: needs a restart of lockstepd on both nodes"});
  }
  return changes;
}

}  // namespace lockstep::prod

#include "prod/config/compare_files.h"

#include "prod/config/key_policy.h"
#include "prod/config/written_settings.h"

namespace lockstep::prod {

namespace {

std::string remedy(const std::string& file, const std::string& key, bool witness) {
  if (live_key(file, key) != nullptr) return ": make both the same, then \"lockstep reload\" where it was changed";
  return std::string(": make both the same, then restart lockstepd, first where the application does not serve") +
         (witness ? ", and lockstep-witness" : "");
}

/// `own` or `theirs` is null where the key is not written.
ConfigurationDifference difference_of(const std::string& file, const WrittenSetting* own, const WrittenSetting* theirs,
                                      const std::string& other, ThirdVote third_vote) {
  const std::string& key = (own != nullptr ? own : theirs)->key;
  const bool shown = is_shown(file, key);
  const auto said = [&](const WrittenSetting& setting) { return shown ? key + " = " + setting.value : key; };
  const std::string there = theirs == nullptr ? "" : " (there in line " + std::to_string(theirs->line) + ")";
  std::string text = file + (own == nullptr ? "" : ":" + std::to_string(own->line)) + ": ";
  if (theirs == nullptr) {
    text += said(*own) + " is here only, " + other + " goes by the default";
  } else if (own == nullptr) {
    text += said(*theirs) + " is on " + other + " only" + there + ", this machine goes by the default";
  } else if (shown) {
    text += key + " is " + own->value + " here and " + theirs->value + " on " + other + there;
  } else {
    text += key + " is another one on " + other + there;
  }
  const Concern concern = concern_of(file, key, third_vote);
  return {text + (concern.one_machine ? ": each machine may have its own" : remedy(file, key, concern.witness)),
          !concern.one_machine};
}

std::string only_here(const std::string& file, const std::string& other) {
  return file + ": is here and not on " + other + ": copy it there, or remove it here; then restart lockstepd on both";
}

std::string only_there(const std::string& file, const std::string& other) {
  return file + ": is on " + other +
         " and not here: copy it from there, or remove it there; then restart lockstepd on both";
}

}  // namespace

std::vector<ConfigurationDifference> compare_files(const ConfigurationTexts& here, const ConfigurationTexts& there,
                                                   const std::string& other) {
  const ThirdVote third_vote = third_vote_of(here);
  std::vector<ConfigurationDifference> differences;
  for (const auto& [file, text] : here) {
    const auto counterpart = there.find(file);
    if (counterpart == there.end()) {
      differences.push_back({only_here(file, other)});
    } else {
      for_each_difference(text, counterpart->second, [&, &file = file](const auto* own, const auto* theirs) {
        differences.push_back(difference_of(file, own, theirs, other, third_vote));
      });
    }
  }
  for (const auto& [file, text] : there) {
    if (here.count(file) != 0) continue;
    differences.push_back({only_there(file, other)});
  }
  return differences;
}

}  // namespace lockstep::prod

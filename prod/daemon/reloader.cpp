#include "prod/daemon/reloader.h"

#include "prod/config/configuration_changes.h"
#include "prod/config/written_settings.h"

#include <exception>
#include <utility>

namespace lockstep::prod {

namespace {

std::string listed(const std::string& heading, const std::vector<std::string>& lines) {
  std::string text = heading + (lines.empty() ? "" : ":");
  for (const std::string& line : lines) text += "\n" + line;
  return text;
}

/// Place and key only: the text may quote a secret that stands where it does not belong.
std::string outline(const ConfigurationError& error, const ConfigurationTexts& texts) {
  std::string place = error.file + (error.line == 0 ? "" : ":" + std::to_string(error.line));
  if (const auto text = texts.find(error.file); text != texts.end()) {
    for (const WrittenSetting& setting : written_settings(text->second)) {
      if (setting.line == error.line) place += ": " + setting.key;
    }
  }
  return place + ": \"lockstep check\" says what is wrong";
}

}  // namespace

Reloader::Reloader(std::string directory, ConfigurationTexts running, Effects effects)
    : directory_(std::move(directory)), effects_(std::move(effects)), running_(std::move(running)) {}

ConfigurationTexts Reloader::running() const {
  const std::scoped_lock lock(running_mutex_);
  return running_;
}

ControlAnswer Reloader::reload(const std::string& asked_by) {
  const std::scoped_lock one_after_the_other(order_);
  const std::string by = asked_by.empty() ? "an administrator" : asked_by;
  std::vector<std::string> live;
  try {
    const std::vector<FileText> files = read_files(directory_, LoadScope::cluster_and_modules);
    // Who writes them at this moment may have written half of it.
    if (files != read_files(directory_, LoadScope::cluster_and_modules)) {
      return refuse(by, "the files are changing: try again", {}, {});
    }
    LoadedConfiguration loaded = load_configuration(files);
    std::vector<std::string> mistakes;
    std::vector<std::string> outlines;
    for (const ConfigurationError& error : loaded.errors) {
      mistakes.push_back(to_string(error));
      outlines.push_back(outline(error, loaded.texts));
    }
    if (!mistakes.empty()) {
      return refuse(by, "the configuration in " + directory_ + " has mistakes", mistakes, outlines);
    }

    std::vector<std::string> others;
    for (ConfigurationChange& change : configuration_changes(running(), loaded.texts)) {
      (change.live ? live : others).push_back(std::move(change.text));
    }
    if (!others.empty()) return refuse(by, "some changes cannot be made while it runs", others, others);

    if (!live.empty()) effects_.apply(loaded.configuration);
    const std::scoped_lock lock(running_mutex_);
    running_ = std::move(loaded.texts);
  } catch (const std::exception& error) {
    return refuse(by, std::string("it cannot be applied: ") + error.what(), {}, {});
  }
  if (live.empty()) {
    effects_.report(io::Severity::info, "reload by " + by + ": nothing differs");
    return {Outcome::done, "nothing differs: the daemon runs with what is in " + directory_, {}};
  }
  tell("configuration_reloaded", by + " changed the configuration of the running daemon", by, live);
  const std::string heading = "reload by " + by + ": ";
  for (const std::string& line : live) effects_.report(io::Severity::info, heading + line);
  return {Outcome::done, listed("applied", live), {}};
}

ControlAnswer Reloader::refuse(const std::string& by, const std::string& why, const std::vector<std::string>& answered,
                               const std::vector<std::string>& told) const {
  const std::string text = "a reload by " + by + " was refused, nothing is applied: " + why;
  tell("reload_refused", text, by, told);
  effects_.report(io::Severity::warning, text);
  const std::string heading = "reload by " + by + " refused: ";
  for (const std::string& line : told) effects_.report(io::Severity::warning, heading + line);
  return {Outcome::refused, listed("nothing is applied: " + why, answered), {}};
}

void Reloader::tell(std::string_view name, const std::string& text, const std::string& by,
                    const std::vector<std::string>& lines) const {
  ModuleEvent event;
  event.name = name;
  event.text = text;
  for (std::size_t i = 0; i < lines.size(); ++i) event.text += (i == 0 ? ": " : "; ") + lines[i];
  event.facts = {{"by", by}};
  effects_.note(event);
}

}  // namespace lockstep::prod

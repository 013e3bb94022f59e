#include "prod/daemon/reloader.h"

#include "prod/config/configuration_changes.h"

#include <utility>

namespace lockstep::prod {

namespace {

std::string listed(const std::string& heading, const std::vector<std::string>& lines) {
  std::string text = heading;
  for (const std::string& line : lines) text += "\n" + line;
  return text;
}

}  // namespace

Reloader::Reloader(std::string directory, ConfigurationTexts running, Effects effects)
    : directory_(std::move(directory)), effects_(std::move(effects)), running_(std::move(running)) {}

ConfigurationTexts Reloader::running() const {
  const std::scoped_lock lock(mutex_);
  return running_;
}

ControlAnswer Reloader::reload(const std::string& asked_by) {
  const std::scoped_lock lock(mutex_);
  const std::string by = asked_by.empty() ? "an administrator" : asked_by;
  LoadedConfiguration loaded = load_configuration(directory_, LoadScope::cluster_and_modules);
  std::vector<std::string> mistakes;
  for (const ConfigurationError& error : loaded.errors) mistakes.push_back(to_string(error));
  if (!mistakes.empty()) return refuse(by, "the configuration in " + directory_ + " has mistakes", mistakes);

  std::vector<std::string> live;
  std::vector<std::string> others;
  for (ConfigurationChange& change : configuration_changes(running_, loaded.texts)) {
    (change.live ? live : others).push_back(std::move(change.text));
  }
  if (!others.empty()) return refuse(by, "some changes cannot be made while it runs", others);

  running_ = std::move(loaded.texts);
  if (live.empty()) {
    effects_.report(io::Severity::info, "reload by " + by + ": nothing differs");
    return {Outcome::done, "nothing differs: the daemon runs with what is in " + directory_, {}};
  }
  effects_.apply(loaded.configuration);
  tell("configuration_reloaded", by + " changed the configuration of the running daemon", by, live);
  const std::string heading = "reload by " + by + ": ";
  for (const std::string& line : live) effects_.report(io::Severity::info, heading + line);
  return {Outcome::done, listed("applied:", live), {}};
}

ControlAnswer Reloader::refuse(const std::string& by, const std::string& why,
                               const std::vector<std::string>& lines) const {
  const std::string text = "a reload by " + by + " was refused, nothing is applied: " + why;
  tell("reload_refused", text, by, lines);
  effects_.report(io::Severity::warning, text);
  const std::string heading = "reload by " + by + " refused: ";
  for (const std::string& line : lines) effects_.report(io::Severity::warning, heading + line);
  return {Outcome::refused, listed("nothing is applied: " + why + ":", lines), {}};
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

#include "prod/config/load_application.h"

#include "prod/config/load_checks.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;

constexpr Duration phase_timeout_min = milliseconds(1000);
constexpr Duration phase_timeout_max = milliseconds(std::int64_t{24} * 3600 * 1000);
constexpr std::array<std::string_view, 5> phases = {"prestart", "start", "stop", "poststop", "force_stop"};
/// By Phase: what the runner does in the file's place.
constexpr std::array<bool, phases.size()> of_runner = {false, true, true, false, true};
constexpr std::array<RunnerKind, 3> runner_kinds = {RunnerKind::service, RunnerKind::container, RunnerKind::domain};
constexpr std::string_view unit_suffix = ".service";
/// Of a unit with its suffix: longer ones systemd does not take.
constexpr std::size_t name_bytes_max = 255;

/// A restart within two seconds of the end. Asking again while there is no answer is the script's: it knows which
/// answers are none. So one that says no suffices.
constexpr Duration check_interval = milliseconds(1000);
constexpr Duration check_timeout = milliseconds(15'000);
constexpr std::uint32_t check_misses = 1;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter_or_digit(c) || others.find(c) != std::string_view::npos; });
}

/// What is wrong with it, or empty. No name that passes means anything to a shell within single quotes, or passes for
/// an option.
std::string mistake_in(RunnerKind kind, std::string_view name) {
  const bool named = !name.empty() && name.size() + unit_suffix.size() <= name_bytes_max;
  switch (kind) {
    case RunnerKind::service: {
      constexpr std::array<std::string_view, 10> others = {".socket", ".target", ".timer", ".mount", ".automount",
                                                           ".path",   ".slice",  ".scope", ".swap",  ".device"};
      if (std::any_of(others.begin(), others.end(), [&](auto suffix) { return name.ends_with(suffix); })) {
        return "a unit of another type: name the service itself";
      }
      if (name.ends_with("@")) return "a template: name one instance, as in \"" + std::string(name) + "main\"";
      if (named && name.front() != '-' && name.front() != '@' && consists_of(name, ":_.\\@-")) return {};
      return "no name of a systemd unit: letters, digits and : _ . \\ @ - as \"systemctl list-unit-files\" shows them";
    }
    case RunnerKind::container:
      if (named && is_letter_or_digit(name.front()) && consists_of(name, "_.-")) return {};
      return "no name of a container: letters, digits and _ . - as \"docker ps -a\" shows it";
    case RunnerKind::domain: break;
  }
  if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return "a number, which virsh takes for that of a running domain: give the domain a name, with \"virsh domrename\"";
  }
  if (named && is_letter_or_digit(name.front()) && consists_of(name, "_.:+@-")) return {};
  return "no name of a domain that can be given here: letters, digits and _ . : + @ - as \"virsh list --all\" shows "
         "it, else \"virsh domrename\"";
}

void load_runner(TomlSection& application, ModuleConfiguration& module) {
  for (const RunnerKind kind : runner_kinds) {
    const std::string_view key = to_string(kind);
    const auto name = application.text(key, Presence::optional);
    if (!name) continue;
    const TomlPosition position = application.position_of(key);
    if (module.runner) {
      application.error(position, "\"" + std::string(key) + "\" and \"" + std::string(to_string(module.runner->kind)) +
                                      "\" both say what the application is: keep one");
      continue;
    }
    std::string_view known = *name;
    if (kind == RunnerKind::service && known.ends_with(unit_suffix)) known.remove_suffix(unit_suffix.size());
    if (const std::string mistake = mistake_in(kind, known); !mistake.empty()) {
      application.error(position, "\"" + std::string(key) + "\" is \"" + *name + "\", " + mistake);
      continue;
    }
    module.runner = Runner{kind, std::string(known), position.line, position.column};
  }
  if (!module.runner) return;
  const std::string key(to_string(module.runner->kind));
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (!of_runner[i]) continue;
    if (application.has(phases[i])) {
      application.error(application.position_of(phases[i]),
                        "\"" + std::string(phases[i]) + "\" has no place beside \"" + key + "\", which " +
                            "says how the application starts and ends: take one of them out (\"prestart\" and " +
                            "\"poststop\" may stay)");
    }
    module.commands[i] = runner_command(*module.runner, phases[i]);
  }
}

}  // namespace

std::string runner_command(const Runner& runner, std::string_view what, const std::string& scripts) {
  return scripts + std::string(to_string(runner.kind)) + " " + std::string(what) + " '" + runner.name + "'";
}

void load_application(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                      std::vector<ConfigurationError>& errors) {
  const TomlEntry* entry = file.any("application");
  if (entry == nullptr) return;
  TomlSection application(entry->value, shown_name, "[application]", errors);
  for (std::size_t i = 0; i < phases.size(); ++i) {
    module.commands[i] = application.text(phases[i], Presence::optional).value_or("");
  }
  load_runner(application, module);
  if (const auto timeout = application.duration("timeout", phase_timeout_min, phase_timeout_max)) {
    module.settings.phase_timeout = *timeout;
    module.settings.stop_timeout = *timeout;
  }
  if (const auto timeout = application.duration("stop_timeout", phase_timeout_min, phase_timeout_max)) {
    module.settings.stop_timeout = *timeout;
  }
  if (const auto timeout = application.duration("force_stop_timeout", phase_timeout_min, phase_timeout_max)) {
    module.settings.force_stop_timeout = *timeout;
  }
  application.finish();
}

void add_check_of_runner(TomlSection& file, ModuleConfiguration& module) {
  if (!module.runner) return;
  constexpr std::size_t check_name_bytes_max = 63;
  std::string name = module.runner->name.substr(0, check_name_bytes_max);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!is_letter_or_digit(c) && c != '_') c = '-';
  }
  auto& checks = module.settings.checks;
  if (std::any_of(checks.begin(), checks.end(), [&](const auto& check) { return check.name == name; })) return;
  if (checks.size() >= checks_max) {
    file.error(file.position_of("check"), std::to_string(checks.size()) + " checks, and the one that comes with \"" +
                                              std::string(to_string(module.runner->kind)) + "\": at most " +
                                              std::to_string(checks_max));
    return;
  }
  checks.push_back({name, check_interval, check_timeout, {}, check_misses, CheckAction::restart});
  module.checks.emplace_back(io::ScriptCheck{runner_command(*module.runner, "check")});
}

}  // namespace lockstep::prod

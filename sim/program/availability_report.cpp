#include "sim/program/availability_report.h"

#include "sim/availability/failures.h"
#include "sim/program/shard.h"
#include "sim/program/tally.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

namespace lockstep::sim {

namespace json = boost::json;

namespace {

constexpr double seconds_per_year = 365.25 * 86'400;
constexpr unsigned median_percent = 50;
constexpr unsigned ninetieth = 90;

[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...) {
  std::array<char, 512> text{};
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  return text.data();
}

double in_seconds(std::uint64_t ms) { return static_cast<double>(ms) / 1000; }
unsigned long long printable(std::uint64_t number) { return number; }

std::uint64_t number_in(const json::object& object, std::string_view name) {
  return object.at(name).to_number<std::uint64_t>();
}

json::object to_json(const FailureFigures& figures) {
  json::object down;
  for (const auto& [ms, count] : figures.down_ms) down[std::to_string(ms)] = count;
  return {{"failures", figures.failures},
          {"down_median_ms", figures.percentile_ms(median_percent)},
          {"down_90th_ms", figures.percentile_ms(ninetieth)},
          {"down_worst_ms", figures.worst_ms()},
          {"worst_seed", figures.worst_seed},
          {"worst", figures.worst},
          {"unrecovered", figures.unrecovered},
          {"unsynced_lost_times", figures.losses},
          {"unsynced_lost_max", figures.lost_max},
          {"unsynced_at_risk_times", figures.risks},
          {"unsynced_at_risk_max", figures.at_risk_max},
          {"down_ms", std::move(down)}};
}

FailureFigures figures_from_json(const json::object& object) {
  FailureFigures figures;
  figures.failures = number_in(object, "failures");
  figures.worst_seed = number_in(object, "worst_seed");
  figures.worst = json::value_to<std::string>(object.at("worst"));
  figures.unrecovered = number_in(object, "unrecovered");
  figures.losses = number_in(object, "unsynced_lost_times");
  figures.lost_max = number_in(object, "unsynced_lost_max");
  figures.risks = number_in(object, "unsynced_at_risk_times");
  figures.at_risk_max = number_in(object, "unsynced_at_risk_max");
  for (const auto& [ms, count] : object.at("down_ms").as_object()) {
    figures.down_ms[number_of_key(ms)] = count.to_number<std::uint64_t>();
  }
  return figures;
}

/// In the order of the table of failures, and then whatever else there is.
std::vector<std::string> names_in_order(const AvailabilityFigures& all) {
  std::vector<std::string> names;
  for (const FailureKind& kind : failures()) {
    if (all.contains(std::string(kind.name))) names.emplace_back(kind.name);
  }
  for (const auto& [name, figures] : all) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string rate_of(const std::string& name) {
  for (const FailureKind& kind : failures()) {
    if (kind.name == name) return print("%.1f", kind.per_thousand_years / 1000.0);
  }
  return "-";
}

std::string range_of(const std::string& name) {
  for (const FailureKind& kind : failures()) {
    if (kind.name == name) return std::string(kind.range);
  }
  return "as the profile has them";
}

std::string table(const AvailabilityFigures& all) {
  std::string text =
      print("%-34s %8s %7s %9s %9s %9s   %s\n", "failure", "per year", "tried", "median", "90th", "worst", "assumed");
  for (const std::string& name : names_in_order(all)) {
    const FailureFigures& figures = all.at(name);
    text += print("%-34s %8s %7llu %7.1f s %7.1f s %7.1f s   %s\n", name.c_str(), rate_of(name).c_str(),
                  printable(figures.failures), in_seconds(figures.percentile_ms(median_percent)),
                  in_seconds(figures.percentile_ms(ninetieth)), in_seconds(figures.worst_ms()), range_of(name).c_str());
  }
  return text;
}

std::string worst_cases(const AvailabilityFigures& all) {
  std::string text;
  for (const std::string& name : names_in_order(all)) {
    const FailureFigures& figures = all.at(name);
    if (figures.worst.empty()) continue;
    text += print("  %.1f s: %s (seed %llu), of which ", in_seconds(figures.worst_ms()), name.c_str(),
                  printable(figures.worst_seed)) +
            figures.worst + "\n";
  }
  return text.empty() ? "" : "the worst of each:\n" + text;
}

/// What the durability mode does not promise, and how often that mattered.
std::string unsynced(const std::string& durability, const AvailabilityFigures& all) {
  FailureFigures sum;
  for (const auto& [name, figures] : all) sum.add(figures);
  std::string text;
  if (durability == "commit") {
    text += print(
        "durability \"commit\": a write that was not fsynced may be lost when the primary fails. That happened at "
        "%llu of %llu failures, at most %llu writes at once.\n",
        printable(sum.losses), printable(sum.failures), printable(sum.lost_max));
  } else if (durability == "replicated") {
    text +=
        "durability \"replicated\": a write that was not fsynced may be lost only when both servers lose power at "
        "once.\n";
  } else {
    text += "durability \"durable\": every acknowledged write was on both servers' disks.\n";
  }
  if (durability != "durable" && sum.risks > 0) {
    text += print(
        "%llu times both servers were without power while such writes were on no disk for certain: at most %llu.\n",
        printable(sum.risks), printable(sum.at_risk_max));
  }
  return text;
}

std::string per_year(const AvailabilityFigures& all) {
  std::uint64_t failures_seen = 0;
  std::uint64_t down_ms = 0;
  std::uint64_t unrecovered = 0;
  for (const auto& [name, figures] : all) {
    failures_seen += figures.failures;
    down_ms += figures.total_ms();
    unrecovered += figures.unrecovered;
  }
  const double years = static_cast<double>(failures_seen) * 1000 / static_cast<double>(failures_per_thousand_years());
  const double down = in_seconds(down_ms) / years;
  std::string text =
      print("%llu failures are what %.1f years bring at these rates: %.1f s down a year, %.5f%% available\n",
            printable(failures_seen), years, down, 100 * (1 - down / seconds_per_year));
  if (unrecovered > 0) {
    text += print("%llu times the service was still down in the end: with these settings somebody has to help\n",
                  printable(unrecovered));
  }
  return text;
}

std::string settings_text(const json::object& choice) {
  std::string text = "module " + json::value_to<std::string>(choice.at("module")) + ":";
  for (const auto& [name, value] : choice.at("settings").as_object()) {
    text += " " + std::string(name) + "=" +
            (value.is_string() ? std::string(value.as_string())
             : value.is_bool() ? (value.as_bool() ? "true" : "false")
                               : std::to_string(value.to_number<std::int64_t>()));
  }
  return text + "\n";
}

}  // namespace

json::object to_json(const AvailabilityFigures& figures) {
  json::object object;
  for (const auto& [name, each] : figures) object[name] = to_json(each);
  return object;
}

AvailabilityFigures availability_from_json(const json::object& object) {
  AvailabilityFigures figures;
  for (const auto& [name, each] : object) figures[std::string(name)] = figures_from_json(each.as_object());
  return figures;
}

std::string availability_text(const json::object& choice, const Tally& tally) {
  const AvailabilityFigures& all = tally.availability;
  const json::object& settings = choice.at("settings").as_object();
  const bool single = choice.at("profile") == "single failures";
  std::string text = settings_text(choice);
  text += single ? "one failure at a time; how long the service was down:\n"
                 : "how long the service was down in one run:\n";
  text += table(all) + worst_cases(all);
  if (single) text += per_year(all);
  text +=
      "Simulated applications take up to 0.3 s for each phase, 1 in 10 up to 4 s, and 1 in 30 does not stop by itself: "
      "your own time to start and stop comes on top. Not tried: disks that err or hang, applications that fail.\n";
  text += unsynced(json::value_to<std::string>(settings.at("durability")), all);
  text +=
      tally.clean()
          ? "No promise was broken: nothing that was promised to be kept was lost, and never did both servers write.\n"
          : "A PROMISE WAS BROKEN, see above.\n";
  return text;
}

}  // namespace lockstep::sim

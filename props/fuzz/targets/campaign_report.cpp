// The report of one shard of a campaign, as another machine has written it.
#include "engine/values/check.h"
#include "props/fuzz/targets.h"
#include "sim/program/report.h"

#include <exception>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::fuzz {

namespace {

namespace json = boost::json;

std::optional<sim::Report> read(std::string_view text) {
  try {
    return sim::report_from_json(json::parse(json::string_view(text.data(), text.size())).as_object());
  } catch (const std::exception&) {
    return std::nullopt;  // as merge does, which says so
  }
}

bool accepts(const Buffer& input) {
  const auto report = read(input.text());
  if (!report) return false;
  const std::string once = json::serialize(to_json(*report));
  const auto again = read(once);
  LOCKSTEP_CHECK(again && again->present == report->present && again->tally.seeds == report->tally.seeds &&
                     again->tally.hash == report->tally.hash && again->tally.violations == report->tally.violations,
                 "a report comes back");
  return true;
}

std::vector<Buffer> seeds() {
  sim::Report report;
  report.identity = {"1.2.3", "00ff", {{"profile", "all"}, {"durability", "drawn"}}, {1, 20}, 3};
  report.present = {2};
  report.wall_seconds = 0.5;
  report.tally.seeds = 2;
  report.tally.events = 1000;
  report.tally.simulated_us = 5'000'000;
  report.tally.not_reached["it was not cut"] = 1;
  report.tally.hashes[2] = 0x1234;
  report.tally.add_hash(2, 0x1234);
  report.tally.add_failure({5, 7, "I1", "lost \"it\""});
  return {Buffer::copy_of(json::serialize(to_json(report)))};
}

}  // namespace

const Target campaign_report{"campaign_report", accepts, seeds, 1024, 2'000};

}  // namespace lockstep::fuzz

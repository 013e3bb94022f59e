// Reports of shards add up to what one run says, and refuse each other where they are not of one run.
#include "sim/program/report.h"

#include "sim/program/exit.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

constexpr std::uint64_t shards = 3;

Tally tally_of(std::uint64_t seed) {
  Tally tally;
  tally.seeds = 1;
  tally.events = 10 * seed;
  tally.acknowledged = seed;
  tally.simulated_us = 1'000'000 + seed;
  tally.irrecoverable = seed % 3;
  tally.add_hash(seed, seed * 0x9E3779B97F4A7C15ULL);
  tally.hashes[seed] = seed * 0x9E3779B97F4A7C15ULL;
  if (seed % 4 == 0) tally.add_failure({seed, 5, "I1", "lost \"it\"\\ on " + std::to_string(seed)});
  return tally;
}

Report report_of(std::uint64_t number, std::uint64_t of) {
  Report report;
  report.identity = {"1.2.3", "00ff", {{"profile", "all"}, {"durability", "drawn"}}, {1, 20}, of};
  report.present = {number};
  report.wall_seconds = 0.5;
  for (std::uint64_t seed = number; seed <= 20; seed += of) report.tally.add(tally_of(seed));
  return report;
}

Report through_text(const Report& report) {
  return report_from_json(boost::json::parse(boost::json::serialize(to_json(report))).as_object());
}

std::string refusal(const Report& first, const Report& second) {
  Report all = first;
  try {
    merge_into(all, "a.json", second, "b.json");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

TEST(Report, ShardsAddUpToTheWholeInAnyOrder) {
  const Report whole = report_of(1, 1);
  Report merged = through_text(report_of(3, shards));
  for (const std::uint64_t number : {1, 2}) merge_into(merged, "a", through_text(report_of(number, shards)), "b");
  EXPECT_TRUE(merged.missing().empty());
  EXPECT_EQ(boost::json::serialize(to_json(merged.tally)), boost::json::serialize(to_json(whole.tally)));
  EXPECT_EQ(merged.tally.violations.at("I1"), 5U);
  EXPECT_EQ(merged.tally.failures.front().text, "lost \"it\"\\ on 4");
}

TEST(Report, TheHashTellsSeedsApart) {
  Tally swapped;
  swapped.add_hash(1, 2);
  swapped.add_hash(2, 1);
  Tally straight;
  straight.add_hash(1, 1);
  straight.add_hash(2, 2);
  EXPECT_NE(swapped.hash, straight.hash);
}

TEST(Report, SaysWhichShardsAreMissing) {
  EXPECT_EQ(through_text(report_of(2, shards)).missing(), (std::vector<std::uint64_t>{1, 3}));
}

TEST(Report, RefusesTheSameShardTwice) {
  EXPECT_EQ(refusal(report_of(1, shards), report_of(1, shards)),
            "b.json has shard 1/3, which one before it has too: give each shard once");
}

TEST(Report, RefusesPartsOfDifferentRuns) {
  const auto changed = [](const auto& change) {
    Report other = report_of(2, shards);
    change(other.identity);
    return refusal(report_of(1, shards), other);
  };
  const std::string begin = "a.json and b.json are not parts of one run: they have ";
  EXPECT_EQ(changed([](Identity& id) { id.version = "1.2.4"; }), begin + "versions 1.2.3 and 1.2.4");
  EXPECT_EQ(changed([](Identity& id) { id.program = "01"; }),
            begin + "program files of the same version, with the hashes 00ff and 01");
  EXPECT_EQ(changed([](Identity& id) { id.choice["durability"] = "durable"; }), begin + "durability drawn and durable");
  EXPECT_EQ(changed([](Identity& id) { id.choice["module"] = "shop"; }), begin + "module none and shop");
  EXPECT_EQ(changed([](Identity& id) { id.range.last = 21; }), begin + "seeds 1..20 and 1..21");
  EXPECT_EQ(changed([](Identity& id) { id.shards = 4; }), begin + "numbers of shards 3 and 4");
}

TEST(Report, WhatNoRunWritesIsNone) {
  const boost::json::object good = to_json(report_of(2, shards));
  EXPECT_NO_THROW(report_from_json(good));
  const auto changed = [&good](const auto& change) {
    boost::json::object object = good;
    change(object);
    return object;
  };
  using boost::json::object;
  for (const object& bad : {
           changed([](object& report) { report["shards"].as_object()["of"] = 1'000'000'000'000; }),
           changed([](object& report) { report["shards"].as_object()["present"] = boost::json::array{4}; }),
           changed([](object& report) { report["wall_seconds"] = 0; }),
           changed([](object& report) {
             report["hashes"] = {{"2 seeds", "12"}};
           }),
           changed([](object& report) {
             report["hashes"] = {{"-1", "12"}};
           }),
       }) {
    EXPECT_THROW(report_from_json(bad), std::exception) << bad;
  }
}

TEST(Tally, KeepsTheFailuresOfTheLowestSeedsAndCountsAll) {
  Tally all;
  const std::uint64_t count = Tally::failures_max + 7;
  for (std::uint64_t seed = count; seed > 0; --seed) all.add_failure({seed, 0, "I3", ""});
  EXPECT_EQ(all.violations.at("I3"), count);
  ASSERT_EQ(all.failures.size(), Tally::failures_max);
  EXPECT_EQ(all.failures.front().seed, 1U);
  EXPECT_EQ(all.failures.back().seed, Tally::failures_max);
}

TEST(Shard, IsRefusedWithTheFormThatIsWanted) {
  for (const char* bad : {"", "1", "0/2", "3/2", "1/0", "-1/2", "1/2x", "a/b", "1/2/3", "1 /2", "1/1000001"}) {
    EXPECT_THROW(parse_shard(bad), UsageError) << bad;
  }
  EXPECT_EQ(parse_shard("2/8"), (Shard{2, 8}));
}

TEST(Seeds, AreRefusedWithTheFormThatIsWanted) {
  for (const char* bad : {"", "..", "1..", "..3", "3..1", "-1..3", "1...3", "1..2x", " 1..2"}) {
    EXPECT_THROW(parse_seeds(bad), UsageError) << bad;
  }
  EXPECT_EQ(parse_seeds("7"), (SeedRange{7, 7}));
  EXPECT_EQ(parse_seeds("7..9"), (SeedRange{7, 9}));
}

}  // namespace
}  // namespace lockstep::sim

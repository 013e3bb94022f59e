// Outages of known length are measured as such, and what the settings make of them shows.
#include "sim/availability/failures.h"
#include "sim/availability/figures.h"
#include "sim/availability/unsynced.h"
#include "sim/simulate.h"

#include <cerrno>
#include <stdexcept>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

/// What real requests and phases of the application add to what the settings say.
constexpr Time tolerance = 500 * one_ms;

engine::Settings settings_with(Time timeout, engine::Durability durability = engine::Durability::replicated) {
  engine::Settings settings;
  settings.timeout = Duration{timeout};
  settings.heartbeat_interval = Duration{timeout / 10};
  settings.link_grace = Duration{timeout / 4};
  settings.durability = durability;
  return settings;
}

struct Measured {
  std::vector<Downtime> downtimes;
  FailureFigures figures;
};

Measured measure(std::uint64_t seed, const engine::Settings& settings, const FailureKind& kind) {
  std::optional<Availability> availability;
  UnsyncedWrites unsynced;
  const RunResult result = simulate(
      draw_incident(seed, settings),
      [&](World& world) {
        world.observers().add(availability.emplace(world));
        world.observers().add(unsynced);
      },
      incident(kind, [&] { availability->begin(); }));
  EXPECT_FALSE(result.violation) << result.violation->text();
  Measured measured{availability->downtimes(), {}};
  measured.figures = figures_of(seed, measured.downtimes, settings);
  measured.figures.add_unsynced(unsynced);
  return measured;
}

FailureFigures figures_over(std::uint64_t seeds, const engine::Settings& settings, const FailureKind& kind) {
  FailureFigures all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.add(measure(seed, settings, kind).figures);
  return all;
}

const FailureKind& kind_named(std::string_view name) {
  for (const FailureKind& kind : failures()) {
    if (kind.name == name) return kind;
  }
  throw std::invalid_argument(std::string(name));
}

FailureKind kind_of(std::vector<Fault> (*draw)(const Situation&, Random&)) { return {"test", "", 1, draw}; }

TEST(Availability, WithoutAFailureNothingIsDown) {
  const FailureKind nothing = kind_of([](const Situation&, Random&) { return std::vector<Fault>{}; });
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(measure(seed, settings_with(one_second), nothing).downtimes.empty()) << seed;
  }
}

// Both lose power at the same instant and have it again after 30 s: nobody can serve in between.
TEST(Availability, AnOutageOfKnownLengthIsMeasured) {
  const FailureKind both = kind_of([](const Situation& s, Random&) {
    return std::vector<Fault>{{s.now, Outage{Place::first, true, 30 * one_second}},
                              {s.now, Outage{Place::second, true, 30 * one_second}}};
  });
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Measured measured = measure(seed, settings_with(one_second), both);
    ASSERT_FALSE(measured.downtimes.empty());
    const Downtime& downtime = measured.downtimes.front();
    EXPECT_TRUE(downtime.ended);
    for (const char* cause : {"first loses power", "second loses power"}) {
      EXPECT_NE(downtime.causes.find(cause), std::string::npos) << downtime.causes;
    }
    EXPECT_EQ(downtime.parts.no_server, 30 * one_second);
    const DowntimeParts& parts = downtime.parts;
    EXPECT_EQ(downtime.span.length(),
              parts.stopping + parts.no_server + parts.electing + parts.mounting + parts.starting + parts.waiting);
  }
}

// The primary hangs for 700 ms, which is too short for anybody to take over.
TEST(Availability, RequestsThatWaitAreDowntimeOfAServingNode) {
  const FailureKind hang = kind_of([](const Situation& s, Random&) {
    return std::vector<Fault>{{s.now, Pause{place_of(s.primary), 700 * one_ms}}};
  });
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Measured measured = measure(seed, settings_with(10 * one_second), hang);
    ASSERT_EQ(measured.downtimes.size(), 1U);
    // From the first request that finds nobody on, until the answers come.
    EXPECT_GE(measured.downtimes.front().span.length(), 400 * one_ms);
    EXPECT_LE(measured.downtimes.front().span.length(), 750 * one_ms);
    EXPECT_EQ(measured.downtimes.front().parts.waiting, measured.downtimes.front().span.length());
  }
}

// The primary's disk refuses every call for 2 s: whoever writes there gets EIO at once, which is not service.
TEST(Availability, RequestsThatFailForTheDisksSakeAreDowntime) {
  const FailureKind errs = kind_of([](const Situation& s, Random&) {
    return std::vector<Fault>{{s.now, DiskErrors{s.primary, DiskCalls::requests, EIO, 1, 2 * one_second}}};
  });
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Measured measured = measure(seed, settings_with(10 * one_second), errs);
    EXPECT_FALSE(measured.downtimes.empty()) << seed;
    EXPECT_EQ(measured.figures.unrecovered, 0U) << seed;
  }
}

TEST(Availability, TheTimeoutDecidesHowLongAPowerLossIsFelt) {
  for (const Time timeout : {one_second, 10 * one_second}) {
    const FailureFigures figures = figures_over(15, settings_with(timeout), kind_named("power loss of the primary"));
    const auto expected = static_cast<std::uint64_t>(timeout / one_ms);
    EXPECT_GE(figures.percentile_ms(50), expected * 9 / 10);
    EXPECT_LE(figures.percentile_ms(50), expected + tolerance / one_ms + expected / 10);
    EXPECT_EQ(figures.unrecovered, 0U);
  }
}

TEST(Availability, TheWitnessMayBeMissed) {
  EXPECT_EQ(figures_over(10, settings_with(one_second), kind_named("witness lost")).worst_ms(), 0U);
}

TEST(UnsyncedWrites, AreLostAtATakeoverInCommitModeOnly) {
  // So that something is on its way at every instant.
  const FailureKind kind = kind_of([](const Situation& s, Random&) {
    return std::vector<Fault>{{s.now, Slow{Wire::peers, 200 * one_ms, 5 * one_second}},
                              {s.now + one_second, Outage{place_of(s.primary), true, 30 * one_second}}};
  });
  EXPECT_GT(figures_over(15, settings_with(one_second, engine::Durability::commit), kind).losses, 5U);
  for (const auto durability : {engine::Durability::replicated, engine::Durability::durable}) {
    EXPECT_EQ(figures_over(15, settings_with(one_second, durability), kind).losses, 0U);
  }
}

TEST(Failures, ComeAsOftenAsTheirRateSays) {
  std::map<std::string_view, std::uint64_t> times;
  const std::uint64_t thousand_years = failures_per_thousand_years();
  for (std::uint64_t seed = 1; seed <= thousand_years; ++seed) ++times[failure_of(seed).name];
  for (const FailureKind& kind : failures()) {
    EXPECT_NEAR(static_cast<double>(times[kind.name]), kind.per_thousand_years, kind.per_thousand_years / 5.0);
  }
}

TEST(Figures, PercentilesAreOfWhatWasSeen) {
  FailureFigures figures;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    FailureFigures one;
    one.failures = 1;
    one.worst_seed = i;
    one.down_ms[i * 100] = 1;
    figures.add(one);
  }
  EXPECT_EQ(figures.percentile_ms(50), 500U);
  EXPECT_EQ(figures.percentile_ms(90), 900U);
  EXPECT_EQ(figures.worst_ms(), 1000U);
  EXPECT_EQ(figures.worst_seed, 10U);
  EXPECT_EQ(figures.total_ms(), 5500U);
}

TEST(Intervals, AreUnitedAndTakenAway) {
  EXPECT_EQ(united({{5, 9}, {1, 3}, {3, 4}, {7, 7}, {8, 12}}), (Intervals{{1, 4}, {5, 12}}));
  EXPECT_EQ(without({{0, 10}, {20, 30}}, {{2, 3}, {8, 22}}), (Intervals{{0, 2}, {3, 8}, {22, 30}}));
  EXPECT_EQ(without({{0, 10}}, {}), (Intervals{{0, 10}}));
  EXPECT_EQ(length_of({{0, 2}, {5, 9}}), 6);
}

}  // namespace
}  // namespace lockstep::sim

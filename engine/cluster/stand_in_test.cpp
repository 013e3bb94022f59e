#include "engine/cluster/stand_in.h"

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

Settings settings_for(Isolation isolation) {
  Settings settings;
  settings.isolation = isolation;
  return settings;
}

Instant at(std::int64_t ms) { return Instant{} + milliseconds(ms); }

/// Steps of a node that is awake.
void stay_awake(StandIn& stand_in, std::int64_t from_ms, std::int64_t to_ms) {
  for (std::int64_t ms = from_ms; ms <= to_ms; ms += 200) stand_in.step(at(ms));
}

TEST(StandIn, IsAloneAfterTheTimeout) {
  StandIn stand_in(settings_for(Isolation::takeover));
  stay_awake(stand_in, 10'000, 11'000);
  stand_in.heard(at(11'000));
  stay_awake(stand_in, 11'200, 13'000);
  EXPECT_FALSE(stand_in.alone(at(12'999)));
  EXPECT_TRUE(stand_in.alone(at(13'000)));
  stand_in.heard(at(13'000));
  EXPECT_FALSE(stand_in.alone(at(13'001)));
}

TEST(StandIn, TakesItsOwnSleepForNoSilence) {
  StandIn stand_in(settings_for(Isolation::takeover));
  stay_awake(stand_in, 10'000, 11'000);
  stand_in.step(at(60'000));
  EXPECT_FALSE(stand_in.alone(at(60'000)));
  stay_awake(stand_in, 60'200, 62'000);
  EXPECT_TRUE(stand_in.alone(at(62'000)));
}

TEST(StandIn, IsAbreastForTenTimeoutsOfBeingAwake) {
  StandIn stand_in(settings_for(Isolation::takeover));
  stay_awake(stand_in, 10'000, 11'000);
  EXPECT_FALSE(stand_in.abreast(at(11'000)));
  stand_in.keeps_abreast(at(11'000));
  stay_awake(stand_in, 11'200, 31'000);
  EXPECT_TRUE(stand_in.abreast(at(31'000)));
  EXPECT_FALSE(stand_in.abreast(at(31'001)));
  stand_in.keeps_abreast(at(31'000));
  stand_in.step(at(33'000));
  EXPECT_FALSE(stand_in.abreast(at(33'000)));
}

TEST(StandIn, IsUsedWhereTheSettingsOrAPersonLetIt) {
  StandIn stand_in(settings_for(Isolation::wait));
  EXPECT_FALSE(stand_in.licensed());
  stand_in.vouch();
  EXPECT_TRUE(stand_in.licensed());
  stand_in.withdraw();
  EXPECT_FALSE(stand_in.licensed());
  StandIn other(settings_for(Isolation::takeover));
  other.withdraw();
  EXPECT_TRUE(other.licensed());
}

TEST(StandIn, DoesNotExistBesideAThirdVote) {
  StandIn stand_in(settings_for(Isolation::third_vote));
  stay_awake(stand_in, 10'000, 20'000);
  EXPECT_FALSE(stand_in.alone(at(20'000)));
}

}  // namespace
}  // namespace lockstep::engine

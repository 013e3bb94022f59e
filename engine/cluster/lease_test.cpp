#include "engine/cluster/lease.h"

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

TEST(Lease, NeedsAMajorityAndEndsWithTheSecondLongestGrant) {
  Lease lease(milliseconds(2000));
  const Instant now{5'000'000'000};
  lease.granted(VoterId::first, now);
  EXPECT_FALSE(lease.held(now));
  lease.granted(VoterId::witness, now + milliseconds(100));
  EXPECT_TRUE(lease.held(now + milliseconds(1999)));
  EXPECT_FALSE(lease.held(now + milliseconds(2000)));
  lease.granted(VoterId::second, now + milliseconds(500));
  EXPECT_TRUE(lease.held(now + milliseconds(2099)));
}

TEST(Lease, AnOldAnswerNeverShortensIt) {
  Lease lease(milliseconds(2000));
  const Instant now{5'000'000'000};
  lease.granted(VoterId::first, now);
  lease.granted(VoterId::witness, now);
  lease.granted(VoterId::witness, Instant{});
  EXPECT_TRUE(lease.held(now + milliseconds(1999)));
  lease.drop();
  EXPECT_FALSE(lease.held(now));
}

}  // namespace
}  // namespace lockstep::engine

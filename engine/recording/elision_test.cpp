#include "engine/recording/elision.h"

#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep::recording {
namespace {

constexpr ElisionKey elision_key{0x1122334455667788};

Buffer stand_in(const std::string& payload) { return filler(elide(payload, elision_key)); }

RC_GTEST_PROP(Elision, EqualityAndLengthSurvive, (std::string a, std::string b)) {
  RC_ASSERT(stand_in(a).size() == a.size());
  RC_ASSERT(stand_in(a) == stand_in(a));
  RC_ASSERT((stand_in(a) == stand_in(b)) == (a == b));
}

TEST(Elision, EveryShortPayloadHasItsOwnStandIn) {
  std::set<std::string> seen;
  for (int high = 0; high < 256; ++high) {
    for (int low = 0; low < 256; ++low) {
      const std::string payload{static_cast<char>(high), static_cast<char>(low)};
      EXPECT_TRUE(seen.insert(std::string(stand_in(payload).text())).second);
    }
    EXPECT_TRUE(seen.insert(std::string(stand_in({static_cast<char>(high)}).text())).second);
  }
}

RC_GTEST_PROP(Elision, ZeroStaysZeroAndNothingElseBecomesIt, (std::uint8_t fill, std::uint16_t size, bool one_byte)) {
  std::vector<std::byte> bytes(size, std::byte{0});
  if (!bytes.empty() && one_byte) bytes[size / 3] = std::byte{fill};
  const Buffer payload(bytes);
  RC_ASSERT(filler(elide_bulk(payload, elision_key)).all_zero() == payload.all_zero());
  RC_ASSERT(filler(elide(payload.text(), elision_key)).all_zero() == payload.all_zero());
  RC_ASSERT(filler(elide_bulk(payload, elision_key)).size() == payload.size());
}

TEST(Elision, BulkDataIsMarkedByItsEnds) {
  std::vector<std::byte> bytes(1 << 16, std::byte{7});
  const std::uint64_t mark = elide_bulk(Buffer(bytes), elision_key).mark;
  bytes.back() = std::byte{8};
  EXPECT_NE(elide_bulk(Buffer(bytes), elision_key).mark, mark);
  bytes.back() = std::byte{7};
  bytes.front() = std::byte{8};
  EXPECT_NE(elide_bulk(Buffer(bytes), elision_key).mark, mark);
}

TEST(Elision, TheMarkDoesNotTellTheContents) {
  const std::string secret = "hunter2";
  EXPECT_NE(stand_in(secret).text(), secret);
  EXPECT_NE(elide(secret, elision_key).mark, elide(secret, ElisionKey{1}).mark);
  EXPECT_NE(elide(std::string(100, 'x'), elision_key).mark, elide(std::string(100, 'x'), ElisionKey{1}).mark);
  EXPECT_NE(elide_digest(42, elision_key), elide_digest(42, ElisionKey{1}));
}

}  // namespace
}  // namespace lockstep::recording

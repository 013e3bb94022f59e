// What an operation touches, and when a list admits it.
#include "engine/resync/touched_set.h"

#include "engine/wire/archive.h"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

constexpr std::uint64_t region = 1000;
constexpr FileId old_file{7, 1};
constexpr FileId old_directory{7, 2};
constexpr Period this_period = 9;

Operation write(FileId file, std::uint64_t offset, std::size_t size) {
  Operation operation{.kind = OperationKind::write};
  operation.file = file;
  operation.offset = offset;
  operation.data = Buffer(std::vector<std::byte>(size));
  return operation;
}
Operation cut(FileId file, std::uint64_t size) {
  Operation operation{.kind = OperationKind::set_attributes};
  operation.file = file;
  operation.attributes.mask = attribute_size;
  operation.attributes.size_bytes = size;
  return operation;
}
Operation create_in(FileId directory) {
  Operation operation{.kind = OperationKind::create};
  operation.parent = directory;
  operation.name = "new";
  return operation;
}
std::vector<Touch> touched_by(const Operation& operation) { return touches_of(operation, this_period, region); }

TEST(Touch, AWriteTouchesEveryRegionThatItReaches) {
  EXPECT_EQ(touched_by(write(old_file, 0, 1000)), (std::vector<Touch>{{old_file, TouchKind::region, 0}}));
  EXPECT_EQ(touched_by(write(old_file, 999, 2)),
            (std::vector<Touch>{{old_file, TouchKind::region, 0}, {old_file, TouchKind::region, 1000}}));
}

TEST(Touch, WhatIsCutIsTouchedToItsEnd) {
  EXPECT_EQ(touched_by(cut(old_file, 2500)), (std::vector<Touch>{{old_file, TouchKind::onward, 2000}}));
}

TEST(Touch, ALongStretchIsListedFromItsBeginning) {
  Operation allocate{.kind = OperationKind::allocate};
  allocate.file = old_file;
  allocate.offset = 1500;
  allocate.length = ~0ULL;
  EXPECT_EQ(touched_by(allocate), (std::vector<Touch>{{old_file, TouchKind::onward, 1000}}));
}

TEST(Touch, ARenameTouchesBothDirectories) {
  Operation rename{.kind = OperationKind::rename};
  rename.parent = FileId::root();
  rename.new_parent = old_directory;
  EXPECT_EQ(touched_by(rename),
            (std::vector<Touch>{{FileId::root(), TouchKind::names, 0}, {old_directory, TouchKind::names, 0}}));
}

TEST(Touch, WhatIsYoungNeedsNoLine) {
  EXPECT_TRUE(touched_by(write({this_period, 5}, 0, 10)).empty());
  EXPECT_TRUE(touched_by(create_in({this_period, 6})).empty());
  EXPECT_FALSE(touched_by(write({this_period - 1, 5}, 0, 10)).empty());
}

/// Ports of which only the log is used.
struct Ports final : io::Timers,
                     io::Link,
                     io::Journal,
                     io::TouchLog,
                     io::Volume,
                     io::Mount,
                     io::Application,
                     io::Checks,
                     io::Console,
                     io::Trace,
                     io::Background {
  struct Call {
    Ticket ticket;
    bool replaces;
    std::vector<Touch> touches;
  };
  std::deque<Call> calls;
  void append(Ticket ticket, Buffer records) override { calls.push_back({ticket, false, *decode_touches(records)}); }
  void replace(Ticket ticket, Buffer records) override { calls.push_back({ticket, true, *decode_touches(records)}); }

  void arm(io::TimerId, Instant) override {}
  void cancel(io::TimerId) override {}
  void send(io::Endpoint, io::Frame) override {}
  void reset(io::Endpoint) override {}
  void store(Ticket, Buffer) override {}
  void apply(Ticket, const Operation&, io::Origin) override {}
  void sync(Ticket, FileId, bool) override {}
  void scan(Ticket) override {}
  void survey(Ticket, const SurveyRequest&) override {}
  void list(Ticket, FileId, const std::string&, std::uint32_t) override {}
  void identify_in(Period) override {}
  void digest(Ticket, FileId, std::uint64_t, std::uint64_t, std::uint32_t) override {}
  void read(Ticket, FileId, std::uint64_t, std::uint64_t, std::uint32_t) override {}
  void set_aside(Ticket, FileId, const Conflict&) override {}
  void open() override {}
  void close() override {}
  void reply(RequestId, const io::Reply&) override {}
  void run(Ticket, io::Phase) override {}
  void begin(std::size_t) override {}
  void run(Ticket, std::size_t) override {}
  void end(std::size_t) override {}
  void answer(io::CommandId, bool, std::string) override {}
  void record(const io::TraceEvent&) override {}
  void run(Ticket, std::function<void()>) override {}
};

class TouchedSetTest : public testing::Test {
 protected:
  static Settings settings() {
    Settings chosen;
    chosen.touch_region_bytes = region;
    chosen.touches_max = 8;
    return chosen;
  }
  /// The log's oldest call is on disk now.
  void land() {
    const Ticket ticket = ports_.calls.front().ticket;
    ports_.calls.pop_front();
    EXPECT_TRUE(set_.logged({ticket}));
  }
  void begin_listing() {
    set_.begin_reign(Epoch(3));
    set_.begin_period();
    land();
  }

  Ports ports_;
  Context context_{settings(),
                   {ports_, ports_, ports_, ports_, ports_, ports_, ports_, ports_, ports_, ports_, ports_}};
  TouchedSet set_{context_};
};

TEST_F(TouchedSetTest, WhileNothingIsReliedOnNothingIsListed) {
  EXPECT_TRUE(set_.load({true, {}}, false, 1));
  EXPECT_TRUE(set_.admits(write(old_file, 0, 1)));
  EXPECT_TRUE(ports_.calls.empty());
}

TEST_F(TouchedSetTest, AnOperationIsAdmittedOnceItsTouchesAreOnDisk) {
  begin_listing();
  EXPECT_FALSE(set_.admits(write(old_file, 0, 1)));
  EXPECT_FALSE(set_.admits(write(old_file, 5, 1)));
  ASSERT_EQ(ports_.calls.size(), 1U);
  land();
  EXPECT_TRUE(set_.admits(write(old_file, 0, 1)));
  EXPECT_TRUE(ports_.calls.empty());
}

TEST_F(TouchedSetTest, WhatComesMeanwhileSharesTheNextWrite) {
  begin_listing();
  EXPECT_FALSE(set_.admits(write(old_file, 0, 1)));
  EXPECT_FALSE(set_.admits(write(old_file, region, 1)));
  EXPECT_FALSE(set_.admits(create_in(old_directory)));
  ASSERT_EQ(ports_.calls.size(), 1U);
  land();
  ASSERT_EQ(ports_.calls.size(), 1U);
  EXPECT_GE(ports_.calls.front().touches.size(), 2U);
}

TEST_F(TouchedSetTest, WhoeverWritesOnFromRegionToRegionWaitsOnceForMany) {
  begin_listing();
  set_.admits(write(old_file, 0, 1));
  land();
  EXPECT_FALSE(set_.admits(write(old_file, region, 1)));
  land();
  EXPECT_TRUE(set_.admits(write(old_file, 2 * region, 1)));
  EXPECT_FALSE(set_.overflowed());  // ahead only as far as there is room
}

TEST_F(TouchedSetTest, WhatWasTouchedSinceACheckpointBeganStays) {
  begin_listing();
  set_.admits(write(old_file, 0, 1));
  land();
  set_.admits(create_in(old_directory));
  land();
  const Period opens = set_.begin_period();
  EXPECT_TRUE(set_.admits(write(old_file, 0, 1)));  // touched again: that costs nothing
  set_.drop_before(opens);
  ASSERT_EQ(ports_.calls.size(), 1U);
  EXPECT_TRUE(ports_.calls.front().replaces);
  EXPECT_EQ(ports_.calls.front().touches, (std::vector<Touch>{{old_file, TouchKind::region, 0}}));
  EXPECT_FALSE(set_.admits(create_in(old_directory)));
}

TEST_F(TouchedSetTest, WhatIsCreatedInAPeriodIsYoungInItOnly) {
  begin_listing();
  const FileId file = set_.draw_identity();
  EXPECT_TRUE(set_.admits(write(file, 0, 1)));
  set_.begin_period();
  EXPECT_FALSE(set_.admits(write(file, 0, 1)));
  EXPECT_NE(set_.draw_identity(), set_.draw_identity());
}

TEST_F(TouchedSetTest, BeyondItsLimitNothingIsAdmittedUntilThatIsNoted) {
  begin_listing();
  EXPECT_FALSE(set_.admits(write(old_file, 0, 9 * region)));
  EXPECT_TRUE(set_.overflowed());
  EXPECT_FALSE(set_.admits(write(old_file, 0, 1)));
  set_.give_up();
  EXPECT_TRUE(set_.admits(write(old_file, 0, 1)));
  EXPECT_FALSE(set_.listing());
}

TEST_F(TouchedSetTest, WhatTheLogHeldIsListedAfterARestart) {
  begin_listing();
  set_.admits(write(old_file, 0, 1));
  const Ports::Call call = ports_.calls.front();
  Writer writer;
  for (const Touch& touch : call.touches) writer(touch);
  TouchedSet restarted(context_);
  EXPECT_TRUE(restarted.load({true, Buffer(std::move(writer.bytes))}, true, 1));
  EXPECT_TRUE(restarted.admits(write(old_file, 0, 1)));
  TouchedSet damaged(context_);
  EXPECT_FALSE(damaged.load({false, {}}, true, 1));
  EXPECT_FALSE(damaged.listing());
}

TEST(CommonGround, ListsBelongTogetherWhereNeitherHasForgottenWhatTheOtherLacks) {
  const CommonCheckpoint first{Epoch(1), Lsn(5), 10};
  const CommonCheckpoint second{Epoch(1), Lsn(9), 11};
  EXPECT_TRUE(cover_together({4, first, first}, {4, first, first}));
  EXPECT_TRUE(cover_together({4, second, first}, {4, second, second}));
  EXPECT_EQ(young_from({4, second, first}, {4, second, second}), 10U);
  EXPECT_FALSE(cover_together({4, first, first}, {4, second, second}));  // an older copy of a disk
  EXPECT_FALSE(cover_together({4, first, first}, {5, first, first}));
  EXPECT_FALSE(cover_together({}, {}));
}

}  // namespace
}  // namespace lockstep::engine

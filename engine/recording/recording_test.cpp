// What is recorded comes back, and what is left of a damaged recording is never anything else.
#include "engine/recording/block.h"
#include "engine/recording/event_codec.h"
#include "engine/recording/recorder.h"
#include "engine/recording/segment_reader.h"
#include "engine/wire/codec.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep::recording {
namespace {

constexpr ElisionKey key{77};
constexpr std::uint64_t life = 0xC0FFEE;
const std::string secret = "the application's secret, long enough to be found";

Operation drawn_operation() {
  Operation operation;
  operation.kind = static_cast<OperationKind>(*rc::gen::inRange(0, 14));  // 0: an effect of something that failed
  operation.flags = *rc::gen::arbitrary<std::uint32_t>();
  operation.file = {*rc::gen::arbitrary<std::uint64_t>(), 5};
  operation.parent = {0, *rc::gen::inRange<std::uint64_t>(0, 3)};
  operation.name = *rc::gen::arbitrary<std::string>();
  operation.new_name = *rc::gen::arbitrary<std::string>();
  operation.offset = *rc::gen::arbitrary<std::uint64_t>();
  operation.attributes.mask = *rc::gen::arbitrary<std::uint32_t>();
  operation.attributes.atime_ns = *rc::gen::arbitrary<std::int64_t>();
  operation.attributes.rdev = *rc::gen::arbitrary<std::uint64_t>();
  operation.parent_mtime_ns = *rc::gen::arbitrary<std::int64_t>();
  operation.data = Buffer::copy_of(*rc::gen::arbitrary<std::string>() + secret);
  return operation;
}

Manifest drawn_manifest() {
  ManifestObject link{{1, 2}, {}, secret, {{"user.key", secret}, {"user.other", ""}}};
  link.attributes.mode = *rc::gen::arbitrary<std::uint32_t>();
  return {{link, {{3, 4}, {}, "", {}}}, {{FileId::root(), *rc::gen::arbitrary<std::string>(), {1, 2}}}, {{5, 6}}};
}

std::vector<FilePiece> drawn_pieces() {
  std::vector<FilePiece> pieces;
  add_zeroes(pieces, 0, *rc::gen::inRange<std::uint64_t>(0, 3) * 65536);
  add_pieces(pieces, 1 << 20U, Buffer::copy_of(secret + std::string(10'000, '\0') + secret), 4096);
  return pieces;
}

engine::Message drawn_message() {
  switch (*rc::gen::inRange(0, 7)) {
    case 0: return engine::Heartbeat{Instant{*rc::gen::arbitrary<std::int64_t>()}, true, {}, {}};
    case 1: {
      Operation operation = drawn_operation();
      operation.kind = OperationKind::write;  // the wire carries only effects
      return engine::StreamOperation{Epoch(3), Lsn(9), operation};
    }
    case 2: return engine::ManifestPart{Lsn(4), true, drawn_manifest(), {engine::Touch::all_of({3, 4})}};
    case 3: return engine::Pull{7, {1, 2}, 65536, 65536, 16, false, {11, 22, 0}};
    case 4: return engine::VerifyRegion{7, Lsn(9), {1, 2}, 65536, 65536, 4, 77, {11, 22, 0}};
    case 5: return engine::VerifyNames{8, Lsn(9), {5, 6}, "a", 256, drawn_manifest()};
    default: return engine::Farewell{};
  }
}

/// Every alternative of io::Event in turn.
std::vector<io::Event> drawn_events() {
  const Ticket ticket(*rc::gen::arbitrary<std::uint64_t>());
  const int error = *rc::gen::arbitrary<int>();
  return {
      io::Booted{Buffer::copy_of("journal"), true, 8, *rc::gen::arbitrary<std::uint64_t>(),
                 io::LoggedTouches{false, Buffer::copy_of("touches")}, 3},
      io::LinkUp{io::Endpoint::peer},
      io::LinkDown{io::Endpoint::second},
      io::FrameArrived{io::Endpoint::witness, engine::frame_bytes(engine::encode(drawn_message()))},
      io::TimerFired{io::TimerId::check},
      io::JournalStored{ticket},
      io::Applied{ticket, error, drawn_operation(), false, 17},
      io::Synced{ticket, error},
      io::Scanned{ticket, error, drawn_manifest(), false},
      io::Digested{ticket, error, {0, 1, ~std::uint64_t{0}}},
      io::RegionRead{ticket, error, drawn_pieces(), -5},
      io::MountOpened{*rc::gen::arbitrary<std::string>()},
      io::MountClosed{},
      io::RequestArrived{RequestId(8), drawn_operation()},
      io::PhaseEnded{ticket, false, secret},
      io::CommandGiven{io::CommandId(2), {io::Verb::verify, true, false, true, false}},
      io::TouchesLogged{ticket},
      io::SetAside{ticket, error},
      io::CheckEnded{ticket, 3, false, secret},
      io::CheckPrompted{2},
      io::WorkDone{ticket},
      io::Indexed{},
  };
}

std::vector<std::byte> in_full(const io::Event& event) {
  RecordWriter writer(Payloads::full, key);
  write_event(event, writer);
  return std::move(writer.bytes);
}

std::optional<io::Event> there_and_back(const io::Event& event, Payloads payloads) {
  RecordWriter writer(payloads, key);
  write_event(event, writer);
  RecordReader reader(Buffer(std::move(writer.bytes)), payloads);
  std::optional<io::Event> read = read_event(static_cast<std::uint8_t>(event.index()), reader);
  RC_ASSERT(reader.at_end());
  return read;
}

RC_GTEST_PROP(Recording, EveryEventComesBackInFull, ()) {
  const auto events = drawn_events();
  RC_ASSERT(events.size() == std::variant_size_v<io::Event>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    RC_ASSERT(events[i].index() == i);
    const std::optional<io::Event> read = there_and_back(events[i], Payloads::full);
    RC_ASSERT(read.has_value());
    RC_ASSERT(in_full(*read) == in_full(events[i]));
  }
}

RC_GTEST_PROP(Recording, WithoutPayloadsEverythingElseComesBack, ()) {
  for (const io::Event& event : drawn_events()) {
    const std::optional<io::Event> once = there_and_back(event, Payloads::elided);
    RC_ASSERT(once.has_value());
    const std::string kept(reinterpret_cast<const char*>(in_full(*once).data()), in_full(*once).size());
    RC_ASSERT(kept.find(secret) == std::string::npos);
    const bool frame = std::holds_alternative<io::FrameArrived>(event);  // digests have no fixed length there
    RC_ASSERT(frame || kept.size() == in_full(event).size());
    if (const auto* applied = std::get_if<io::Applied>(&*once)) {
      Operation effect = std::get<io::Applied>(event).effect;
      RC_ASSERT(applied->effect.data.size() == effect.data.size());
      effect.data = applied->effect.data;
      RC_ASSERT(applied->effect == effect);
    }
    if (frame) RC_ASSERT(engine::decode(std::get<io::FrameArrived>(*once).frame).has_value());
  }
}

RC_GTEST_PROP(Recording, AnyBytesAreAnEventOrNone, (std::vector<std::uint8_t> bytes, std::uint8_t number)) {
  for (const Payloads payloads : {Payloads::elided, Payloads::full}) {
    RecordReader reader(Buffer::copy_of(std::as_bytes(std::span(bytes))), payloads);
    if (const auto event = read_event(number % event_numbers, reader))
      RC_ASSERT(event->index() == number % event_numbers);
  }
}

/// A segment of a pretended life: each event is answered by as many calls as its number says.
class PretendedLife {
 public:
  explicit PretendedLife(std::size_t events_in_block) : events_in_block_(events_in_block) {
    file_ = file_header(life);
    SegmentHeader header;
    header.life.life = life;
    header.life.module = "data";
    write(encode(header).bytes());
  }

  void add(const io::Event& event, bool given_up = false) {
    recorder_.begin(Instant{static_cast<std::int64_t>(1000 * ++events_)}, event);
    for (std::uint64_t i = 0; i < events_; ++i) recorder_.decisions().begin(Call::scan);
    recorder_.end(given_up);
    if (events_ % events_in_block_ == 0) seal();
  }
  void begin_only(const io::Event& event) {
    recorder_.begin(Instant{static_cast<std::int64_t>(1000 * ++events_)}, event);
  }
  void seal() { write(recorder_.seal()); }
  Recorder& recorder() { return recorder_; }
  [[nodiscard]] const std::vector<std::byte>& file() const { return file_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// Whatever it holds.
  void write(std::span<const std::byte> contents) {
    const auto block = framer_.frame(blocks_++, contents);
    file_.insert(file_.end(), block.begin(), block.end());
  }

 private:
  std::size_t events_in_block_;
  std::uint64_t events_ = 0;
  std::uint64_t blocks_ = 0;
  BlockFramer framer_{life};
  Recorder recorder_{Payloads::elided, key};
  std::vector<std::byte> file_;
};

struct ReadBack {
  std::vector<RecordedEvent> events;
  SegmentReader::Ending ending{};
  bool usable = false;
  bool ended_in_order = false;
};

ReadBack read(const std::vector<std::byte>& file) {
  ReadBack back;
  SegmentReader reader{Buffer(file)};
  back.usable = reader.error().empty();
  while (back.usable) {
    auto record = reader.next();
    if (!record) break;
    if (auto* event = std::get_if<RecordedEvent>(&*record)) back.events.push_back(std::move(*event));
    if (std::holds_alternative<EndOfLife>(*record)) back.ended_in_order = true;
  }
  back.ending = reader.ending();
  return back;
}

/// Three rounds of four events, a block each.
struct SomeLife : PretendedLife {
  SomeLife() : PretendedLife(4) {
    for (int round = 0; round < 3; ++round) {
      add(io::LinkUp{io::Endpoint::peer});
      add(io::FrameArrived{io::Endpoint::peer, engine::frame_bytes(engine::encode(engine::Farewell{}))});
      add(io::PhaseEnded{Ticket(5), true, secret});
      add(io::TimerFired{io::TimerId::heartbeat});
    }
  }
};

bool is_prefix(const ReadBack& part, const ReadBack& whole) {
  if (part.events.size() > whole.events.size()) return false;
  for (std::size_t i = 0; i < part.events.size(); ++i) {
    const RecordedEvent& a = part.events[i];
    const RecordedEvent& b = whole.events[i];
    if (a.number != b.number || a.at != b.at || a.calls != b.calls || a.decisions != b.decisions) return false;
    if (a.event.index() != b.event.index() || in_full(a.event) != in_full(b.event)) return false;
  }
  return true;
}

TEST(Recording, ASegmentComesBack) {
  SomeLife pretended;
  pretended.recorder().end_life();
  pretended.seal();
  const ReadBack back = read(pretended.file());
  ASSERT_TRUE(back.usable);
  ASSERT_EQ(back.events.size(), 12U);
  EXPECT_TRUE(back.ended_in_order);
  EXPECT_EQ(back.ending, SegmentReader::Ending::whole);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(back.events[i].number, i + 1);
    EXPECT_EQ(back.events[i].at, Instant{static_cast<std::int64_t>(1000 * (i + 1))});
    EXPECT_EQ(back.events[i].calls, i + 1);
    EXPECT_TRUE(back.events[i].finished);
  }
}

TEST(Recording, ATornEndIsTheEndOfTheLastWholeBlock) {
  const SomeLife pretended;
  const std::vector<std::byte>& file = pretended.file();
  const ReadBack whole = read(file);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const ReadBack part = read({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_TRUE(is_prefix(part, whole)) << size;
    EXPECT_EQ(part.events.size() % 4, 0U) << size;
    EXPECT_NE(part.ending, SegmentReader::Ending::damaged) << size;
  }
  // As a filesystem may leave it: the length was kept, the contents were not.
  std::vector<std::byte> zeros = file;
  std::fill(zeros.end() - 20, zeros.end(), std::byte{0});
  EXPECT_EQ(read(zeros).events.size(), 8U);
  EXPECT_EQ(read(zeros).ending, SegmentReader::Ending::torn);
}

TEST(Recording, EveryChangedBitIsNoticed) {
  const SomeLife pretended;
  const ReadBack whole = read(pretended.file());
  std::size_t damaged = 0;
  for (std::size_t bit = 0; bit < pretended.file().size() * 8; ++bit) {
    std::vector<std::byte> bytes = pretended.file();
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const ReadBack part = read(bytes);
    EXPECT_TRUE(is_prefix(part, whole)) << "bit " << bit;
    const bool reserved_field = bit / 8 >= 12 && bit / 8 < 16;
    EXPECT_TRUE(!part.usable || part.events.size() < whole.events.size() || reserved_field) << "bit " << bit;
    if (part.ending == SegmentReader::Ending::damaged) ++damaged;
  }
  EXPECT_GT(damaged, 0U);
}

/// One event, a second after the time at which the block says that it begins.
std::vector<std::byte> block_from(std::uint64_t events, Instant at) {
  RecordWriter writer(Payloads::elided, key);
  writer(events, at);
  writer.raw(io::Event(io::MountClosed{}).index(), 1);
  writer(std::int64_t{1'000'000'000}, std::uint64_t{0});
  writer.raw(0, 2);
  writer.raw(static_cast<std::uint64_t>(RecordKind::end_of_block), 1);
  writer.raw(0, 8);
  writer(std::uint64_t{0});
  return std::move(writer.bytes);
}

TEST(Recording, ABlockThatDoesNotBeginWhereTheOneBeforeEndedIsDamage) {
  constexpr Instant last{12'000};
  const auto with = [](std::uint64_t events, Instant at) {
    SomeLife longer;
    longer.write(block_from(events, at));
    return read(longer.file());
  };
  const ReadBack good = with(12, last);
  ASSERT_EQ(good.events.size(), 13U);
  EXPECT_EQ(good.ending, SegmentReader::Ending::whole);
  for (const ReadBack& bad : {with(12, Instant{last.ns - 1}), with(12, Instant{}), with(12, Instant{-last.ns}),
                              with(12, last + Duration{1}), with(11, last)}) {
    EXPECT_EQ(bad.events.size(), 12U);
    EXPECT_EQ(bad.ending, SegmentReader::Ending::damaged);
  }
}

TEST(Recording, ADamagedFrameIsRememberedAsSuch) {
  PretendedLife pretended(1);
  engine::StreamOperation message{Epoch(1), Lsn(1), {.kind = OperationKind::write}};
  message.operation.data = Buffer::copy_of(secret);
  const Buffer good = engine::frame_bytes(engine::encode(message));
  // Whatever the flipped bit makes of the frame: nothing of its contents may be taken for a head.
  for (std::size_t byte = 0; byte < 12; ++byte) {
    std::vector<std::byte> bytes(good.bytes().begin(), good.bytes().end());
    bytes[byte] ^= std::byte{0x15};
    pretended.add(io::FrameArrived{io::Endpoint::peer, Buffer(std::move(bytes))}, true);
  }
  pretended.add(io::FrameArrived{io::Endpoint::peer, good}, true);  // given up for another reason
  const ReadBack back = read(pretended.file());
  ASSERT_EQ(back.events.size(), 13U);
  for (std::size_t i = 0; i < 13; ++i) {
    const Buffer& frame = std::get<io::FrameArrived>(back.events[i].event).frame;
    EXPECT_EQ(engine::decode(frame).has_value(), i == 12) << i;
    EXPECT_EQ(frame.text().find(secret), std::string_view::npos);
  }
}

TEST(Recording, TheEventThatEndedTheProgramIsThere) {
  SomeLife pretended;
  pretended.begin_only(io::MountClosed{});
  pretended.seal();
  const ReadBack back = read(pretended.file());
  ASSERT_EQ(back.events.size(), 13U);
  EXPECT_FALSE(back.events.back().finished);
  EXPECT_TRUE(std::holds_alternative<io::MountClosed>(back.events.back().event));
}

TEST(Recording, AnotherFormatIsNamed) {
  std::vector<std::byte> file = SomeLife().file();
  file[8] = std::byte{9};
  EXPECT_NE(SegmentReader{Buffer(file)}.error().find("format 9"), std::string::npos);
  EXPECT_NE(SegmentReader{Buffer::copy_of(std::string(100, 'x'))}.error().find("not a recording"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::recording

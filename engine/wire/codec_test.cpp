#include "engine/wire/codec.h"

#include "engine/settings.h"

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

StreamOperation small_write() {
  Operation write{.kind = OperationKind::write};
  write.file = {0x0123456789ABCDEF, 0xFEDCBA9876543210};
  write.offset = 123'456'789;
  write.attributes.mask = attribute_mtime;
  write.attributes.mtime_ns = 1'790'000'000'123'456'789;
  write.data = Buffer(std::vector<std::byte>(4096, std::byte{7}));
  return {Epoch(12), Lsn(3'000'000'000), write};
}

TEST(Codec, AnOperationComesBackAsItWasSent) {
  const StreamOperation sent = small_write();
  const auto received = decode(frame_bytes(encode(sent)));
  ASSERT_TRUE(received);
  const auto* operation = std::get_if<StreamOperation>(&*received);
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(operation->epoch, sent.epoch);
  EXPECT_EQ(operation->lsn, sent.lsn);
  EXPECT_EQ(operation->operation, sent.operation);
}

TEST(Codec, BulkDataIsHandedOverByReference) {
  const StreamOperation sent = small_write();
  const io::Frame frame = encode(sent);
  EXPECT_EQ(frame.body.data(), sent.operation.data.data());
  const Buffer arrived = frame_bytes(frame);
  const auto received = decode(arrived);
  const Buffer& data = std::get<StreamOperation>(*received).operation.data;
  EXPECT_GE(data.data(), arrived.data());
  EXPECT_LE(data.data() + data.size(), arrived.data() + arrived.size());
}

TEST(Codec, NamesAndAttributesOfEveryKindSurvive) {
  Operation rename{.kind = OperationKind::rename};
  rename.parent = FileId::root();
  rename.name = "with spaces \n and bytes \xff";
  rename.new_parent = {1, 2};
  rename.new_name = std::string(255, 'x');
  rename.flags = flag_no_replace;
  rename.parent_mtime_ns = 5;
  rename.new_parent_mtime_ns = -7;
  Operation xattr{.kind = OperationKind::set_xattr};
  xattr.file = {9, 9};
  xattr.name = "user.comment";
  xattr.data = Buffer::copy_of("value");
  Operation create{.kind = OperationKind::create};
  create.file = {3, 4};
  create.parent = {5, 6};
  create.name = "device";
  create.attributes = {attribute_mode | attribute_uid | attribute_gid, 0060600, 1000, 1000, 0, 0, 0, 2049};
  for (const Operation& operation : {rename, xattr, create}) {
    const auto received = decode(frame_bytes(encode(StreamOperation{Epoch(1), Lsn(1), operation})));
    ASSERT_TRUE(received);
    EXPECT_EQ(std::get<StreamOperation>(*received).operation, operation) << describe(operation);
  }
}

TEST(Codec, EveryChangedBitIsNoticed) {
  const Buffer good = frame_bytes(encode(Prepare{Ballot(77)}));
  ASSERT_TRUE(decode(good));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::vector<std::byte> bytes(good.bytes().begin(), good.bytes().end());
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(decode(Buffer(std::move(bytes)))) << "bit " << bit;
  }
}

TEST(Codec, EveryTruncationIsNoticed) {
  const Buffer good = frame_bytes(encode(small_write()));
  for (std::size_t size = 0; size < 128; ++size) EXPECT_FALSE(decode(good.slice(0, size)));
  EXPECT_FALSE(decode(good.slice(0, good.size() - 1)));
}

/// The frame of a message whose head ends with these bytes in the place of the `replaced` last ones.
Buffer ending_in(const Message& message, std::size_t replaced, std::vector<int> bytes) {
  constexpr std::size_t checksum_bytes = 4;
  const Buffer frame = frame_bytes(encode(message));
  std::vector<std::byte> head(frame.bytes().begin() + checksum_bytes, frame.bytes().end() - std::ptrdiff_t(replaced));
  for (const int byte : bytes) head.push_back(static_cast<std::byte>(byte));
  return join_frame(head, {});
}

TEST(Codec, AMessageHasOneEncoding) {
  const Message caught_up = CaughtUp{Lsn(5)};
  EXPECT_TRUE(decode(ending_in(caught_up, 1, {5})));
  EXPECT_FALSE(decode(ending_in(caught_up, 0, {0}))) << "something follows";
  EXPECT_FALSE(decode(ending_in(caught_up, 1, {0x85, 0x00}))) << "a number is padded";
  const std::vector<int> largest{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  EXPECT_TRUE(decode(ending_in(caught_up, 1, largest)));
  EXPECT_FALSE(decode(ending_in(caught_up, 1, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02})))
      << "a number has 65 bits";
  EXPECT_TRUE(decode(ending_in(Prepare{Ballot(77), true}, 1, {1})));
  EXPECT_FALSE(decode(ending_in(Prepare{Ballot(77), true}, 1, {2}))) << "neither true nor false";
  const Message failed = StreamFailed{Lsn(3), 28};
  EXPECT_TRUE(decode(ending_in(failed, 1, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F})));
  EXPECT_FALSE(decode(ending_in(failed, 1, {0xFF, 0xFF, 0xFF, 0xFF, 0x1F}))) << "more than the field's 32 bits";
  const Message attached = Attached{Epoch(3), Comparison::everything, 4};
  EXPECT_TRUE(decode(ending_in(attached, 2, {2, 4})));
  EXPECT_FALSE(decode(ending_in(attached, 2, {3, 4}))) << "no such comparison";
}

TEST(Codec, AManifestSurvives) {
  ManifestPart part{Lsn(5), true, {}, {{{1, 1}, TouchKind::region, 1U << 20U}}};
  part.manifest.objects.push_back({{1, 1}, {0xFFFF, 0100644, 1, 2, 3, 4, 5, 0}, "", {{"user.a", "b"}}});
  part.manifest.entries.push_back({FileId::root(), "name", {1, 1}});
  part.manifest.listed = {FileId::root()};
  const auto received = decode(frame_bytes(encode(part)));
  ASSERT_TRUE(received);
  EXPECT_EQ(std::get<ManifestPart>(*received).manifest, part.manifest);
  EXPECT_EQ(std::get<ManifestPart>(*received).touches, part.touches);
}

TEST(Codec, AQuestionAboutNamesSurvives) {
  VerifyNames names{3, Lsn(5), {1, 1}, std::string("a\0", 2), 7, {}};
  names.manifest.objects.push_back({{1, 2}, {0xFFFF, 0120777, 1, 2, 3, 4, 5, 0}, "target", {{"user.a", "b"}}});
  names.manifest.entries.push_back({{1, 1}, "name", {1, 2}});
  const auto received = decode(frame_bytes(encode(names)));
  ASSERT_TRUE(received);
  const auto& read = std::get<VerifyNames>(*received);
  EXPECT_EQ(read.question, names.question);
  EXPECT_EQ(read.lsn, names.lsn);
  EXPECT_EQ(read.directory, names.directory);
  EXPECT_EQ(read.from, names.from);
  EXPECT_EQ(read.entries_max, names.entries_max);
  EXPECT_EQ(read.manifest, names.manifest);
}

TEST(Codec, AListAtItsLimitFitsIntoOneFrame) {
  Attach attach{Epoch(~0ULL), Lsn(~0ULL), {}, {}};
  const FileId longest{~0ULL, ~0ULL};
  for (std::size_t i = 0; i < Settings{}.touches_max; ++i) {
    attach.touches.push_back({longest, TouchKind::region, ~0ULL - i});
  }
  const Buffer frame = frame_bytes(encode(attach));
  EXPECT_LE(frame.size(), io::frame_bytes_max);
  EXPECT_LE(frame.size(), Settings{}.touches_max * touch_bytes_max + 128);
  const auto received = decode(frame);
  ASSERT_TRUE(received);
  EXPECT_EQ(std::get<Attach>(*received).touches, attach.touches);
}

}  // namespace
}  // namespace lockstep::engine

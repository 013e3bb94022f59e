// What is read from and added to libfuse's messages.
#include "io/linux/fuse_raw.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <span>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

template <typename Arguments>
std::vector<std::byte> message_of(std::uint32_t opcode, const Arguments& arguments, const std::string& rest = "") {
  fuse_in_header header{};
  header.len = static_cast<std::uint32_t>(sizeof header + sizeof arguments + rest.size());
  header.opcode = opcode;
  header.unique = 42;
  std::vector<std::byte> message(header.len);
  std::memcpy(message.data(), &header, sizeof header);
  std::memcpy(message.data() + sizeof header, &arguments, sizeof arguments);
  std::memcpy(message.data() + sizeof header + sizeof arguments, rest.data(), rest.size());
  return message;
}

TEST(FuseRaw, WritesAndTruncationsSayWhetherTheyEndPrivileges) {
  const auto ends_privileges = [](std::vector<std::byte> message) {
    return read_raw_request(message, true).ends_privileges;
  };
  fuse_write_in written{};
  EXPECT_FALSE(ends_privileges(message_of(FUSE_WRITE, written)));
  written.write_flags = FUSE_WRITE_KILL_SUIDGID;
  EXPECT_TRUE(ends_privileges(message_of(FUSE_WRITE, written)));
  fuse_setattr_in set{};
  EXPECT_FALSE(ends_privileges(message_of(FUSE_SETATTR, set)));
  set.valid = FATTR_SIZE | FATTR_KILL_SUIDGID;
  EXPECT_TRUE(ends_privileges(message_of(FUSE_SETATTR, set)));
}

TEST(FuseRaw, OtherMessagesPassAsTheyAre) {
  auto message = message_of(FUSE_READ, fuse_read_in{});
  const FuseRawRequest request = read_raw_request(message, true);
  EXPECT_EQ(request.message.data(), message.data());
  EXPECT_EQ(request.message.size(), message.size());
  EXPECT_EQ(request.unique, 42U);
  EXPECT_FALSE(request.begins_session);
  EXPECT_FALSE(request.ends_privileges);
  EXPECT_TRUE(read_raw_request(std::span(message).first(sizeof(fuse_in_header) - 1), true).message.empty());
}

TEST(FuseRaw, SetXattrIsBroughtIntoTheFormThatLibfuseKnows) {
  const std::string name_and_value("user.a\0value", 12);
  fuse_setxattr_in set{};
  set.size = 5;
  set.flags = 1;
  set.setxattr_flags = FUSE_SETXATTR_ACL_KILL_SGID;
  auto message = message_of(FUSE_SETXATTR, set, name_and_value);
  const FuseRawRequest request = read_raw_request(message, true);
  EXPECT_TRUE(request.ends_privileges);

  fuse_in_header header{};
  ASSERT_EQ(request.message.size(), sizeof header + FUSE_COMPAT_SETXATTR_IN_SIZE + name_and_value.size());
  std::memcpy(&header, request.message.data(), sizeof header);
  EXPECT_EQ(header.len, request.message.size());
  EXPECT_EQ(header.unique, 42U);
  fuse_setxattr_in shortened{};
  std::memcpy(&shortened, request.message.data() + sizeof header, FUSE_COMPAT_SETXATTR_IN_SIZE);
  EXPECT_EQ(shortened.size, 5U);
  EXPECT_EQ(shortened.flags, 1U);
  const auto* rest = request.message.data() + sizeof header + FUSE_COMPAT_SETXATTR_IN_SIZE;
  EXPECT_EQ(std::memcmp(rest, name_and_value.data(), name_and_value.size()), 0);

  auto not_agreed = message_of(FUSE_SETXATTR, set, name_and_value);
  EXPECT_EQ(read_raw_request(not_agreed, false).message.size(), not_agreed.size());
  EXPECT_FALSE(read_raw_request(not_agreed, false).ends_privileges);
}

TEST(FuseRaw, TheFirstReplyAgreesOnlyToWhatIsOffered) {
  fuse_init_in offer{};
  offer.flags = FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT | FUSE_WRITEBACK_CACHE;
  auto message = message_of(FUSE_INIT, offer);
  const FuseRawRequest request = read_raw_request(message, false);
  EXPECT_TRUE(request.begins_session);
  fuse_init_out out{};
  out.flags = FUSE_BIG_WRITES;
  EXPECT_TRUE(extend_session_reply({&out, sizeof out}, request.offered_flags));
  EXPECT_EQ(out.flags, static_cast<std::uint32_t>(FUSE_BIG_WRITES | FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT));
  fuse_init_out other{};
  EXPECT_FALSE(extend_session_reply({&other, sizeof other}, FUSE_PARALLEL_DIROPS));
  EXPECT_EQ(other.flags, static_cast<std::uint32_t>(FUSE_PARALLEL_DIROPS));
}

TEST(FuseRaw, FilesAreOpenedForParallelDirectWrites) {
  struct {
    fuse_entry_out entry{};
    fuse_open_out open{};
  } created;
  created.open.open_flags = FOPEN_KEEP_CACHE;
  extend_open_reply({&created, sizeof created});
  EXPECT_EQ(created.open.open_flags, static_cast<std::uint32_t>(FOPEN_KEEP_CACHE | FOPEN_PARALLEL_DIRECT_WRITES));
  fuse_open_out opened{};
  extend_open_reply({&opened, sizeof opened});
  EXPECT_EQ(opened.open_flags, static_cast<std::uint32_t>(FOPEN_PARALLEL_DIRECT_WRITES));
}

TEST(FuseRaw, WhatIsResentSaysSo) {
  auto message = message_of(FUSE_READ, fuse_read_in{});
  EXPECT_FALSE(read_raw_request(message, true).resent);
  fuse_in_header header{};
  std::memcpy(&header, message.data(), sizeof header);
  header.unique |= std::uint64_t{1} << 63U;
  std::memcpy(message.data(), &header, sizeof header);
  const FuseRawRequest request = read_raw_request(message, true);
  EXPECT_TRUE(request.resent);
  EXPECT_EQ(request.unique, header.unique) << "what the reply has to carry";
  EXPECT_EQ(request_number(request), 42U);
}

TEST(FuseRaw, OnlySomeKernelsResend) {
  const auto can_resend = [](std::uint32_t flags, std::uint32_t flags2) {
    fuse_init_in offer{};
    offer.flags = flags;
    offer.flags2 = flags2;
    auto message = message_of(FUSE_INIT, offer);
    return read_raw_request(message, false).can_resend;
  };
  EXPECT_TRUE(can_resend(FUSE_INIT_EXT, 1U << 7U));
  EXPECT_FALSE(can_resend(0, 1U << 7U));
  EXPECT_FALSE(can_resend(FUSE_INIT_EXT, ~(1U << 7U)));
}

TEST(FuseRaw, WholeAnswersAndTheWishToResendAreWritten) {
  int pipes[2];
  ASSERT_EQ(::pipe2(pipes, O_CLOEXEC), 0);
  const std::string body = "body";
  EXPECT_EQ(write_answer(pipes[1], 7, std::as_bytes(std::span(body))), 0);
  EXPECT_EQ(ask_to_resend(pipes[1]), 0);
  fuse_out_header header{};
  ASSERT_EQ(::read(pipes[0], &header, sizeof header), static_cast<ssize_t>(sizeof header));
  EXPECT_EQ(header.len, sizeof header + body.size());
  EXPECT_EQ(header.unique, 7U);
  std::string written(body.size(), ' ');
  ASSERT_EQ(::read(pipes[0], written.data(), written.size()), static_cast<ssize_t>(written.size()));
  EXPECT_EQ(written, body);
  ASSERT_EQ(::read(pipes[0], &header, sizeof header), static_cast<ssize_t>(sizeof header));
  EXPECT_EQ(header.len, sizeof header);
  EXPECT_EQ(header.error, 7);
  EXPECT_EQ(header.unique, 0U);
  ::close(pipes[0]);
  ::close(pipes[1]);
  EXPECT_EQ(ask_to_resend(pipes[1]), EBADF);
}

TEST(FuseRaw, RepliesSayWhomTheyAnswer) {
  fuse_out_header header{sizeof header, -ENOENT, 7};
  EXPECT_EQ(read_raw_reply({&header, sizeof header}).unique, 7U);
  EXPECT_EQ(read_raw_reply({&header, sizeof header}).error, ENOENT);
}

}  // namespace
}  // namespace lockstep::linux_io::test

// Two ends on a pair of sockets, each in turn, without a thread.
#include "io/tls/stream.h"

#include "io/tls/openssl.h"
#include "io/tls/testing/credentials.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::tls {
namespace {

using testing::credentials;
using testing::demo_authority;

class Sockets {
 public:
  Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0); }
  ~Sockets() {
    ::close(fd[0]);
    ::close(fd[1]);
  }
  int fd[2];
};

struct Outcome {
  Progress dialing = Progress::wants_input;
  Progress answering = Progress::wants_input;
  std::string said_by_dialing;  ///< why not
  std::string said_by_answering;
};

class Pair {
 public:
  Pair(const Context& first, const Context& second)
      : answering(first, End::answering, sockets.fd[0]), dialing(second, End::dialing, sockets.fd[1]) {}

  /// Until both are done or one has failed; a dialling end hears of a refusal with its first read.
  Outcome shake_hands() {
    Outcome outcome;
    const auto over = [](Progress progress) { return progress >= Progress::closed; };
    for (int turn = 0; turn < 10; ++turn) {
      dialing.readable();
      answering.readable();
      if (outcome.dialing == Progress::wants_input) outcome.dialing = dialing.handshake();
      if (outcome.answering == Progress::wants_input) outcome.answering = answering.handshake();
    }
    if (outcome.dialing == Progress::done && over(outcome.answering)) {
      std::byte byte{};
      std::size_t got = 0;
      dialing.readable();
      outcome.dialing = dialing.read({&byte, 1}, got);
    }
    outcome.said_by_dialing = dialing.reason();
    outcome.said_by_answering = answering.reason();
    return outcome;
  }

  Sockets sockets;
  Stream answering;
  Stream dialing;
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Stream, members_of_a_cluster_know_each_other) {
  Pair pair{Context(credentials("first")), Context(credentials("second"))};
  const Outcome outcome = pair.shake_hands();
  EXPECT_EQ(outcome.dialing, Progress::done) << outcome.said_by_dialing;
  EXPECT_EQ(outcome.answering, Progress::done) << outcome.said_by_answering;
  EXPECT_EQ(pair.answering.peer(), (Identity{"demo", "second"}));
  EXPECT_EQ(pair.dialing.peer(), (Identity{"demo", "first"}));
}

TEST(Stream, a_stranger_is_refused_and_told_why) {
  struct Case {
    Credentials dialing;
    std::string by_answering;
    std::string by_dialing;
  };
  const std::vector<Case> cases = {
      {credentials("second", Authority::create("demo")), "", "of another cluster's authority"},
      {credentials("second", demo_authority(), "demo", testing::expired), "shows a certificate that expired on",
       "says that this machine's certificate has expired"},
      {credentials("second", demo_authority(), "demo", testing::not_yet), "clocks is wrong", "certificate"},
  };
  for (const Case& c : cases) {
    Pair pair{Context(credentials("first")), Context(c.dialing)};
    const Outcome outcome = pair.shake_hands();
    EXPECT_EQ(outcome.dialing, Progress::refused) << c.by_dialing;
    EXPECT_EQ(outcome.answering, Progress::refused) << c.by_answering;
    EXPECT_TRUE(says(outcome.said_by_answering, c.by_answering)) << outcome.said_by_answering;
    EXPECT_TRUE(says(outcome.said_by_dialing, c.by_dialing)) << outcome.said_by_dialing;
  }
}

TEST(Stream, one_without_a_certificate_is_refused_and_told_why) {
  Pair pair{Context(credentials("first")), Context::unverified()};
  const Outcome outcome = pair.shake_hands();
  EXPECT_EQ(outcome.answering, Progress::refused);
  EXPECT_TRUE(says(outcome.said_by_answering, "shows no certificate")) << outcome.said_by_answering;
  EXPECT_EQ(outcome.dialing, Progress::refused);
  EXPECT_TRUE(says(outcome.said_by_dialing, "wants to see a certificate")) << outcome.said_by_dialing;
}

TEST(Stream, an_older_tls_is_refused_and_told_why) {
  const Context old(credentials("second"));
  SSL_CTX_set_min_proto_version(old.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
  Pair pair{Context(credentials("first")), old};
  const Outcome outcome = pair.shake_hands();
  EXPECT_EQ(outcome.answering, Progress::refused);
  EXPECT_TRUE(says(outcome.said_by_answering, "does not speak TLS 1.3")) << outcome.said_by_answering;
  EXPECT_TRUE(says(outcome.said_by_dialing, "does not speak TLS 1.3")) << outcome.said_by_dialing;
}

TEST(Stream, plain_text_is_refused_at_either_end) {
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("LOCKSTEP plain"),
                                  std::string("\x40\x01\x00\x00LOCKSTEP\x03", 13)}) {
    for (const End end : {End::answering, End::dialing}) {
      Sockets sockets;
      Stream stream(Context(credentials("first")), end, sockets.fd[0]);
      ASSERT_EQ(::send(sockets.fd[1], text.data(), text.size(), 0), std::ssize(text));
      Progress progress = stream.handshake();
      if (progress == Progress::wants_input) progress = stream.handshake();
      EXPECT_EQ(progress, Progress::refused) << text;
      EXPECT_TRUE(says(stream.reason(), "speaks without TLS")) << stream.reason();
    }
  }
}

TEST(Stream, carries_bytes_and_changes_keys) {
  Pair pair{Context(credentials("first")), Context(credentials("second"))};
  ASSERT_EQ(pair.shake_hands().answering, Progress::done);
  pair.dialing.change_keys_every(5);
  std::vector<std::byte> sent(300'000);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i * 7 + (i >> 10U));
  std::vector<std::byte> received;
  std::size_t taken = 0;
  std::vector<std::byte> room(20'000);
  std::size_t size = 1;
  while (received.size() < sent.size()) {
    while (taken < sent.size()) {
      const std::size_t record = std::min({size, record_bytes_max, sent.size() - taken});
      if (pair.dialing.write(std::span(sent).subspan(taken, record), taken % 2 == 0) != Progress::done) break;
      taken += record;
      size = size * 3 % 20'011 + 1;
    }
    if (taken == sent.size()) pair.dialing.send_held();
    pair.answering.readable();
    std::size_t got = 0;
    while (pair.answering.read(room, got) == Progress::done)
      received.insert(received.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got));
    ASSERT_LE(received.size(), taken);
  }
  EXPECT_TRUE(received == sent);
}

TEST(Stream, a_damaged_record_ends_it) {
  Pair pair{Context(credentials("first")), Context(credentials("second"))};
  ASSERT_EQ(pair.shake_hands().answering, Progress::done);
  const std::string forged(
      "\x17\x03\x03\x00\x20"
      "0123456789abcdef0123456789abcdef",
      37);
  ASSERT_EQ(::send(pair.sockets.fd[1], forged.data(), forged.size(), 0), std::ssize(forged));
  std::vector<std::byte> room(100);
  std::size_t got = 0;
  pair.answering.readable();
  EXPECT_EQ(pair.answering.read(room, got), Progress::refused);
  EXPECT_EQ(got, 0U);
}

}  // namespace
}  // namespace lockstep::tls

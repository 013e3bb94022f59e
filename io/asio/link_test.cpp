// Two nodes and a witness on loopback addresses.
#include "io/asio/asio_link.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/hello.h"
#include "io/asio/witness_link.h"
#include "io/tls/stream.h"
#include "io/tls/testing/credentials.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

constexpr std::chrono::seconds patience{5};

Hello hello(const std::string& name) {
  Hello result;
  result.program_version = "1.0";
  result.cluster = "demo";
  result.module = "data";
  result.name = name;
  result.settings = {{"timeout", "2s"}};
  return result;
}

/// Everything that happened, for the test's thread to wait on.
class Record {
 public:
  void add(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(text);
    changed_.notify_all();
  }
  bool wait_for(const std::string& part, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return count(part) >= times; });
  }
  std::size_t seen(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    return count(part);
  }
  std::vector<std::string> starting_with(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> result;
    for (const std::string& line : lines_) {
      if (line.starts_with(part)) result.push_back(line);
    }
    return result;
  }

 private:
  std::size_t count(const std::string& part) {
    std::size_t result = 0;
    for (const std::string& line : lines_) result += line.find(part) != std::string::npos ? 1 : 0;
    return result;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// A loop, a queue and whatever link a test puts on them.
class Host {
 public:
  Host() : queue(loop) {}
  ~Host() { end(); }
  /// Before the links go.
  void end() {
    loop.stop();
    if (thread_.joinable()) thread_.join();
    queue.disconnect();
  }
  template <typename LinkType>
  void run(LinkType& link) {
    queue.connect([this](Instant, Event event) { note(event); }, [&link] { link.flush(); });
    thread_ = std::thread([this] { loop.run(); });
  }
  void on_loop(std::function<void()> work) { loop.post_from_any_thread(std::move(work)); }
  Report report() {
    return [this](Severity, const std::string& text) { record.add("log " + text); };
  }

  EventLoop loop;
  EventQueue queue;
  Record record;
  std::vector<Buffer> frames;  ///< on the loop's thread; the test reads them when `record` says so

 private:
  void note(const Event& event) {
    const auto place = [](Endpoint endpoint) { return std::to_string(static_cast<int>(endpoint)); };
    if (const auto* up = std::get_if<LinkUp>(&event)) record.add("up " + place(up->endpoint));
    if (const auto* down = std::get_if<LinkDown>(&event)) record.add("down " + place(down->endpoint));
    if (const auto* frame = std::get_if<FrameArrived>(&event)) {
      frames.push_back(frame->frame);
      record.add("frame " + place(frame->endpoint) + " " + std::to_string(frame->frame.size()));
    }
  }
  std::thread thread_;
};

struct Node {
  Node(NodeId self, std::uint16_t port, const Hello& mine, std::uint16_t witness_port = 1)
      : Node(self, port, mine, tls::testing::credentials(std::string(to_string(self))), witness_port) {}
  Node(NodeId self, std::uint16_t port, const Hello& mine, const tls::Credentials& credentials,
       std::uint16_t witness_port = 1) {
    AsioLinkOptions options;
    options.self = self;
    options.hello = mine;
    options.self_address = self == NodeId::first ? "127.0.0.1" : "127.0.0.2";
    options.peer_address = self == NodeId::first ? "127.0.0.2" : "127.0.0.1";
    options.port = port;
    options.witness_address = "127.0.0.1";
    options.witness_port = witness_port;
    link = std::make_unique<AsioLink>(host.loop, host.queue, options, tls::Context(credentials), host.report());
    error = link->open();
  }
  ~Node() { host.end(); }
  void run() { host.run(*link); }
  void send(std::vector<std::byte> head, Buffer body) {
    host.on_loop([this, head = std::move(head), body = std::move(body)] {
      link->send(Endpoint::peer, {{head.begin(), head.end()}, body});
    });
  }

  Host host;
  std::unique_ptr<AsioLink> link;
  std::string error;
};

std::vector<std::byte> bytes(std::size_t size, unsigned seed) {
  std::vector<std::byte> result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::byte>(i * 31 + seed + (i >> 12U));
  return result;
}

TEST(Link, carries_frames_of_every_size_in_order) {
  Node first(NodeId::first, 0, hello("s1"));
  ASSERT_EQ(first.error, "");
  Node second(NodeId::second, first.link->port(), hello("s2"));
  first.run();
  second.run();
  ASSERT_TRUE(first.host.record.wait_for("up 0"));
  ASSERT_TRUE(second.host.record.wait_for("up 0"));

  std::vector<std::vector<std::byte>> sent;
  first.host.on_loop([&] {
    for (const std::size_t size : {0UL, 1UL, 100UL, 4096UL, 1UL << 20U, 3'000'000UL, frame_bytes_max - 10, 5UL}) {
      for (unsigned i = 0; i < 3; ++i) {
        const auto head = bytes(10, i);
        const auto body = bytes(size, i + 5);
        sent.push_back(head);
        sent.back().insert(sent.back().end(), body.begin(), body.end());
        first.link->send(Endpoint::peer, {{head.begin(), head.end()}, Buffer(body)});
      }
    }
  });
  ASSERT_TRUE(second.host.record.wait_for("frame 0", 24));
  ASSERT_EQ(second.host.frames.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(second.host.frames[i].bytes(), sent[i])) << "frame " << i;
  }
}

TEST(Link, a_reset_is_seen_by_both_ends_and_mended) {
  Node first(NodeId::first, 0, hello("s1"));
  Node second(NodeId::second, first.link->port(), hello("s2"));
  first.run();
  second.run();
  ASSERT_TRUE(first.host.record.wait_for("up 0"));
  ASSERT_TRUE(second.host.record.wait_for("up 0"));
  first.host.on_loop([&] { first.link->reset(Endpoint::peer); });
  EXPECT_TRUE(first.host.record.wait_for("down 0"));
  EXPECT_TRUE(second.host.record.wait_for("down 0"));
  EXPECT_TRUE(first.host.record.wait_for("up 0", 2));
  EXPECT_TRUE(second.host.record.wait_for("up 0", 2));
  second.send(bytes(3, 1), {});
  EXPECT_TRUE(first.host.record.wait_for("frame 0 3"));
}

TEST(Link, a_disagreement_is_explained_at_both_ends) {
  struct Case {
    std::function<void(Hello&)> change;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {[](Hello& h) { h.module = "other"; }, "runs module \"other\" but this is \"data\": make port in"},
      {[](Hello& h) { h.cluster = "test"; }, "belongs to cluster \"test\" but this is \"demo\""},
      {[](Hello& h) {
         h.settings = {{"timeout", "9s"}};
       },
       "has timeout = 9s but here it is 2s: make timeout in modules/data"},
      {[](Hello& h) {
         h.protocol = protocol_version + 1;
         h.program_version = "2.0";
       },
       "runs Lockstep 2.0 (protocol " + std::to_string(protocol_version + 1) + "), s1 runs 1.0 (protocol " +
           std::to_string(protocol_version) + "): upgrade s1"},
  };
  for (const Case& c : cases) {
    Node first(NodeId::first, 0, hello("s1"));
    Hello wrong = hello("s2");
    c.change(wrong);
    Node second(NodeId::second, first.link->port(), wrong);
    first.run();
    second.run();
    EXPECT_TRUE(first.host.record.wait_for(c.expected)) << c.expected;
    EXPECT_TRUE(second.host.record.wait_for("refused: ")) << c.expected;
    EXPECT_TRUE(second.host.record.wait_for(c.expected)) << c.expected;
    EXPECT_EQ(first.host.record.seen("up 0"), 0U);
    EXPECT_EQ(second.host.record.seen("up 0"), 0U);
  }
}

TEST(Link, two_first_nodes_do_not_talk) {
  Hello mine = hello("s1");
  mine.place = "first";
  Hello theirs = hello("s1b");
  theirs.place = "first";
  const tls::Identity certificate{"demo", "first"};
  EXPECT_NE(disagreement(mine, theirs, certificate, "10.0.0.2:7701", "second").find("list the [[node]] entries"),
            std::string::npos);
}

TEST(Link, a_taken_port_is_an_error_with_a_remedy) {
  Node first(NodeId::first, 0, hello("s1"));
  ASSERT_EQ(first.error, "");
  Node again(NodeId::first, first.link->port(), hello("s1"));
  EXPECT_NE(again.error.find("another program has that port"), std::string::npos) << again.error;
}

/// A caller of its own, without TLS or with the second node's certificate.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  bool secure() {
    tls_.emplace(tls::Context(tls::testing::credentials("second")), tls::End::dialing, fd_);
    return tls_->handshake() == tls::Progress::done;
  }
  void send(const std::string& text) {
    if (tls_) {
      ASSERT_EQ(tls_->write(std::as_bytes(std::span(text)), false), tls::Progress::done);
    } else {
      ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
    }
  }
  void send_frame(const std::vector<std::byte>& content) {
    std::string text;
    for (unsigned i = 0; i < 4; ++i) text += static_cast<char>(content.size() >> (8 * i));
    text.append(reinterpret_cast<const char*>(content.data()), content.size());
    send(text);
  }
  /// Reads until the other end closes; the number of bytes.
  std::size_t drain() {
    std::size_t total = 0;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, chunk, sizeof chunk, 0)) > 0;) total += static_cast<std::size_t>(got);
    return total;
  }
  bool connected = false;

 private:
  int fd_;
  std::optional<tls::Stream> tls_;
};

std::vector<std::byte> second_hello() {
  Hello mine = hello("s2");
  mine.place = "second";
  return encode(mine);
}

TEST(Link, what_is_not_lockstep_is_shown_the_door) {
  Node first(NodeId::first, 0, hello("s1"));
  first.run();
  RawClient browser(first.link->port());
  ASSERT_TRUE(browser.connected);
  browser.send("GET / HTTP/1.1\r\n\r\n");
  browser.drain();
  EXPECT_TRUE(first.host.record.wait_for("127.0.0.1 called, but speaks without TLS"));
  RawClient odd(first.link->port());
  ASSERT_TRUE(odd.secure());
  odd.send_frame(bytes(50, 1));
  odd.drain();
  EXPECT_TRUE(first.host.record.wait_for("does not speak Lockstep's language"));
  EXPECT_EQ(first.host.record.seen("up 0"), 0U);
}

TEST(Link, a_lockstep_without_tls_is_told_off) {
  Node first(NodeId::first, 0, hello("s1"));
  first.run();
  RawClient old(first.link->port());
  old.send_frame(second_hello());
  EXPECT_LT(old.drain(), 64U);  // an alert at most
  EXPECT_TRUE(first.host.record.wait_for("speaks without TLS: nothing unencrypted is accepted"));
  EXPECT_EQ(first.host.record.seen("up 0"), 0U);
}

TEST(Link, who_does_not_finish_the_handshake_is_dropped) {
  Node first(NodeId::first, 0, hello("s1"));
  first.run();
  RawClient silent(first.link->port());
  EXPECT_EQ(silent.drain(), 0U);
  EXPECT_TRUE(first.host.record.wait_for("127.0.0.1 connected and did not finish the TLS handshake"));
  RawClient shy(first.link->port());
  ASSERT_TRUE(shy.secure());
  shy.drain();
  EXPECT_TRUE(first.host.record.wait_for("127.0.0.1 connected and said nothing"));
}

TEST(Link, a_stranger_is_refused_with_a_reason_at_both_ends) {
  using tls::testing::credentials;
  using tls::testing::demo_authority;
  struct Case {
    tls::Credentials second;
    std::string at_first;
    std::string at_second;
  };
  const std::vector<Case> cases = {
      {credentials("second", tls::Authority::create("demo")), "is of another cluster's authority",
       "the peer at 127.0.0.1:"},
      {credentials("second", demo_authority(), "demo", tls::testing::expired), "shows a certificate that expired on",
       "says that this machine's certificate has expired"},
      {credentials("witness"), "says that it is the second of the cluster, but its certificate is for the witness",
       "refused: peer at 127.0.0.2 says that it is the second"},
      {credentials("second", demo_authority(), "test"), "shows a certificate of cluster \"test\", but this is \"demo\"",
       "refused: peer at 127.0.0.2 shows a certificate of cluster \"test\""},
  };
  for (const Case& c : cases) {
    Node first(NodeId::first, 0, hello("s1"));
    Node second(NodeId::second, first.link->port(), hello("s2"), c.second);
    first.run();
    second.run();
    EXPECT_TRUE(first.host.record.wait_for(c.at_first)) << c.at_first;
    EXPECT_TRUE(second.host.record.wait_for(c.at_second)) << c.at_second;
    EXPECT_EQ(first.host.record.seen("up 0"), 0U);
    EXPECT_EQ(second.host.record.seen("up 0"), 0U);
  }
}

TEST(Link, a_pretended_first_node_is_refused_by_the_second) {
  Node first(NodeId::first, 0, hello("s1"), tls::testing::credentials("second"));
  Node second(NodeId::second, first.link->port(), hello("s2"));
  first.run();
  second.run();
  EXPECT_TRUE(second.host.record.wait_for("says that it is the first of the cluster, but its certificate is for the"));
  EXPECT_TRUE(first.host.record.wait_for("127.0.0.2 refused: peer at 127.0.0.1:"));
  EXPECT_EQ(second.host.record.seen("up 0"), 0U);
  EXPECT_EQ(first.host.record.seen("up 0"), 0U);
}

TEST(Link, a_second_connection_replaces_the_first_and_an_oversized_frame_ends_it) {
  Node first(NodeId::first, 0, hello("s1"));
  first.run();
  RawClient one(first.link->port());
  ASSERT_TRUE(one.secure());
  one.send_frame(second_hello());
  one.send_frame(encode(Verdict{}));
  ASSERT_TRUE(first.host.record.wait_for("up 0"));
  RawClient two(first.link->port());
  ASSERT_TRUE(two.secure());
  two.send_frame(second_hello());
  two.send_frame(encode(Verdict{}));
  ASSERT_TRUE(first.host.record.wait_for("up 0", 2));
  EXPECT_EQ(first.host.record.seen("down 0"), 1U);
  one.drain();  // ends, because it was closed
  two.send(std::string("\xff\xff\xff\x7f", 4));
  EXPECT_TRUE(first.host.record.wait_for("down 0", 2));
  EXPECT_TRUE(first.host.record.wait_for("the limit is 4194304"));
}

TEST(Link, the_witness_hears_both_nodes_of_the_module_it_admits) {
  Host witness;
  WitnessLink link(witness.queue, milliseconds(2000), witness.report());
  Hello own = hello("the witness");
  const tls::Context tls(tls::testing::credentials("witness"));
  WitnessServer server(witness.loop, own, tls, witness.report(), [&](const Hello& theirs, const std::string&) {
    return theirs.module == "data" ? WitnessServer::Admission{&link, ""}
                                   : WitnessServer::Admission{nullptr, "not here"};
  });
  ASSERT_EQ(server.listen("127.0.0.1", 0), "");
  witness.run(link);
  Node first(NodeId::first, 0, hello("s1"), server.port());
  Node second(NodeId::second, first.link->port(), hello("s2"), server.port());
  Hello stranger_hello = hello("s1");
  stranger_hello.module = "other";
  Node stranger(NodeId::first, 0, stranger_hello, server.port());
  first.run();
  second.run();
  stranger.run();
  EXPECT_TRUE(first.host.record.wait_for("up 1"));
  EXPECT_TRUE(second.host.record.wait_for("up 1"));
  EXPECT_TRUE(witness.record.wait_for("up 2"));
  EXPECT_TRUE(witness.record.wait_for("up 3"));
  EXPECT_TRUE(stranger.host.record.wait_for("refused: not here"));
  first.host.on_loop([&] { first.link->send(Endpoint::witness, {{}, Buffer(bytes(7, 0))}); });
  EXPECT_TRUE(witness.record.wait_for("frame 2 7"));
  witness.on_loop([&] { link.send(Endpoint::second, {{}, Buffer(bytes(9, 0))}); });
  EXPECT_TRUE(second.host.record.wait_for("frame 1 9"));
  witness.end();
}

TEST(Hello, survives_the_wire_and_refuses_what_is_cut_short) {
  Hello mine = hello("s1");
  mine.place = "first";
  const auto encoded = encode(mine);
  EXPECT_EQ(decode_hello(Buffer::copy_of(std::span(encoded))), mine);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_EQ(decode_hello(Buffer::copy_of(std::span(encoded).first(size))), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace lockstep::io

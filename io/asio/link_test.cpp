// Two nodes and a witness on loopback addresses.
#include "io/asio/link_test_tools.h"
#include "io/asio/witness_link.h"

#include <algorithm>

namespace lockstep::io {
namespace {

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
      {[](Hello& h) { h.module = "other"; }, "is of module \"other\" but this is \"data\": each module must be configured on both"},
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

// Who is not of the cluster, or not who it says: turned away, with a reason at both ends.
#include "io/asio/link_test_tools.h"

namespace lockstep::io {
namespace {

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

}  // namespace
}  // namespace lockstep::io

// Several modules at one port: each is reached by its name.
#include "io/asio/link_test_tools.h"

namespace lockstep::io {
namespace {

Hello hello_of(const std::string& module, const std::string& name) {
  Hello mine = hello(name);
  mine.module = module;
  return mine;
}

AsioLinkOptions options(NodeId self, std::uint16_t port, const std::string& module) {
  AsioLinkOptions options;
  options.self = self;
  options.hello = hello_of(module, self == NodeId::first ? "s1" : "s2");
  options.self_address = self == NodeId::first ? "127.0.0.1" : "127.0.0.2";
  options.peer_address = self == NodeId::first ? "127.0.0.2" : "127.0.0.1";
  options.port = port;
  return options;
}

/// A module on a node: a loop with a link, at ports that it may share.
class Module {
 public:
  Module(SharedPorts& ports, NodeId self, std::uint16_t port, const std::string& name)
      : link_(host.loop, host.queue, ports, options(self, port, name),
              tls::Context(tls::testing::credentials(std::string(to_string(self)))), host.report()) {
    EXPECT_EQ(link_.open(), "");
    host.run(link_);
  }
  ~Module() { host.end(); }

  [[nodiscard]] std::uint16_t port() const { return link_.port(); }
  void send(std::size_t bytes_count) {
    host.on_loop([this, bytes_count] {
      const std::vector<std::byte> head = bytes(bytes_count, 1);
      link_.send(Endpoint::peer, {{head.begin(), head.end()}, {}});
    });
  }

  Host host;

 private:
  AsioLink link_;
};

struct Ports {
  Record record;
  SharedPorts ports{[this](Severity, const std::string& text) { record.add("log " + text); }};
};

TEST(SharedPorts, each_module_is_reached_by_its_name) {
  Ports here;
  Ports there;
  Module mail(here.ports, NodeId::first, 0, "mail");
  Module shop(here.ports, NodeId::first, mail.port(), "shop");
  EXPECT_EQ(shop.port(), mail.port());
  Module shop_there(there.ports, NodeId::second, mail.port(), "shop");
  Module mail_there(there.ports, NodeId::second, mail.port(), "mail");
  for (Module* module : {&mail, &shop, &mail_there, &shop_there}) EXPECT_TRUE(module->host.record.wait_for("up 0"));
  shop_there.send(111);
  mail_there.send(222);
  EXPECT_TRUE(shop.host.record.wait_for("frame 0 111"));
  EXPECT_TRUE(mail.host.record.wait_for("frame 0 222"));
  EXPECT_EQ(shop.host.record.seen("frame"), 1U);
  EXPECT_EQ(mail.host.record.seen("frame"), 1U);
}

TEST(SharedPorts, a_module_that_ends_leaves_the_port_to_the_others) {
  Ports here;
  Ports there;
  auto mail = std::make_unique<Module>(here.ports, NodeId::first, 0, "mail");
  const std::uint16_t port = mail->port();
  Module shop(here.ports, NodeId::first, port, "shop");
  mail.reset();
  Module shop_there(there.ports, NodeId::second, port, "shop");
  EXPECT_TRUE(shop.host.record.wait_for("up 0"));
  Module mail_there(there.ports, NodeId::second, port, "mail");
  EXPECT_TRUE(mail_there.host.record.wait_for("refused: "));
  mail = std::make_unique<Module>(here.ports, NodeId::first, port, "mail");
  EXPECT_TRUE(mail->host.record.wait_for("up 0"));
}

TEST(SharedPorts, who_names_nobody_is_answered_by_the_first) {
  Ports here;
  Module mail(here.ports, NodeId::first, 0, "mail");
  Module shop(here.ports, NodeId::first, mail.port(), "shop");
  RawClient older(mail.port());
  ASSERT_TRUE(older.secure());
  older.send_frame(bytes(50, 1));
  older.drain();
  EXPECT_TRUE(mail.host.record.wait_for("does not speak Lockstep's language"));
  RawClient browser(mail.port());
  browser.send("GET / HTTP/1.1\r\n\r\n");
  browser.drain();
  EXPECT_TRUE(mail.host.record.wait_for("speaks without TLS"));
  EXPECT_EQ(shop.host.record.seen("log"), 0U);
}

TEST(SharedPorts, a_greeting_may_come_in_pieces) {
  Ports here;
  Module mail(here.ports, NodeId::first, 0, "mail");
  RawClient slow(mail.port());
  // The head of a TLS record that holds a handshake message of 512 bytes, and of these the first.
  slow.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(mail.host.record.seen("log"), 0U);
  EXPECT_EQ(slow.drain(), 0U);
  EXPECT_TRUE(here.record.wait_for("127.0.0.1 connected and did not finish the TLS handshake"));
}

TEST(SharedPorts, no_more_than_so_many_may_keep_silent) {
  Ports here;
  Module mail(here.ports, NodeId::first, 0, "mail");
  std::vector<std::unique_ptr<RawClient>> silent;
  for (std::size_t i = 0; i <= callers_max; ++i) silent.push_back(std::make_unique<RawClient>(mail.port()));
  EXPECT_TRUE(here.record.wait_for("too many callers at once"));
  Ports there;
  Module mail_there(there.ports, NodeId::second, mail.port(), "mail");
  EXPECT_TRUE(mail.host.record.wait_for("up 0"));  // the silent ones have had their time
}

TEST(SharedPorts, a_port_that_is_taken_is_said) {
  Ports here;
  Module mail(here.ports, NodeId::first, 0, "mail");
  Ports others;
  const auto claimed = others.ports.claim("127.0.0.1", mail.port(), "mail", [](const auto&) {});
  EXPECT_EQ(claimed.claim, nullptr);
  EXPECT_NE(claimed.error.find("another program has that port"), std::string::npos) << claimed.error;
}

}  // namespace
}  // namespace lockstep::io

// Servers that only pretend, files that are not there, and ends at any time.
#include "io/etcd/etcd_test_tools.h"

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

const std::string nothing_yet = http_answer(R"({"header":{"revision":"1"}})");

TEST(EtcdAnswers, what_etcd_would_not_say_ends_the_connection) {
  struct Case {
    std::string answer;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {"", "it ended the connection"},
      {"hello\r\n\r\n", "bad version"},
      {http_answer("{"), "its answer is none of etcd's"},
      {http_answer(R"({"error":"etcdserver: request timed out","code":14})", "503 Service Unavailable"),
       "it refuses with status 503: etcdserver: request timed out"},
      {http_answer(R"({"header":{},"kvs":[{"key":"YQ==","mod_revision":"1"}]})"), "its answer is none of etcd's"},
      {http_answer("x", "500 Oops"), "it refuses with status 500; trying on"},
      {http_answer(std::string((256U << 10U) + 1, ' ')), "body limit exceeded"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "header limit exceeded"},
      {nothing_yet.substr(0, nothing_yet.size() - 1), "no answer within"},
      {nothing_yet + nothing_yet, "it spoke without being asked"},
  };
  for (const Case& c : cases) {
    PretendedEtcd first_answer({c.answer}, own_address());
    EtcdOptions options = first_answer.options();
    if (c.reason == "no answer within") options.answer_max = milliseconds(500);
    EtcdClient never(options);
    EXPECT_TRUE(never.reported(c.reason)) << c.reason << " is not: " << never.last_report();
    EXPECT_EQ(never.ups(), c.reason == "it spoke without being asked" ? 1U : 0U) << c.reason;

    PretendedEtcd second_answer({nothing_yet, c.answer}, own_address());
    EtcdOptions again = second_answer.options();
    again.answer_max = options.answer_max;
    EtcdClient client(again);
    ASSERT_TRUE(client.up());
    client.on_loop([](EtcdRecord& record) { record.replace({}, Buffer::copy_of("x")); });
    EXPECT_TRUE(client.down()) << c.reason;
    EXPECT_EQ(client.ups(), 1U) << c.reason;
  }
}

TEST(EtcdAnswers, a_server_that_is_not_who_was_asked_for_is_not_used) {
  PretendedEtcd server({nothing_yet}, "127.0.0.1");
  EtcdClient client(server.options());
  EXPECT_TRUE(client.reported("IP address mismatch")) << client.last_report();

  PretendedEtcd named({nothing_yet}, "localhost");
  EtcdOptions options = named.options();
  options.servers[0].host = "no-such-host.invalid";
  EtcdClient nowhere(options);
  EXPECT_TRUE(nowhere.reported("cannot use the store at no-such-host.invalid:")) << nowhere.last_report();
  EXPECT_EQ(client.ups() + nowhere.ups(), 0U);
}

TEST(EtcdAnswers, a_file_that_cannot_be_used_is_named_and_its_content_is_not) {
  PretendedEtcd server({nothing_yet}, own_address());
  EtcdDirectory directory;
  directory.make_credentials("", own_address());
  directory.make_credentials("other_", own_address());
  std::ofstream(directory.file("no.key")) << "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  struct Case {
    std::string authority;
    std::string certificate;
    std::string key;
    std::string reason;
  };
  for (const Case& c : {Case{"none", "node.crt", "node.key", "the authority's certificate " + directory.file("none")},
                        Case{"ca.crt", "none", "node.key", "the certificate " + directory.file("none")},
                        Case{"ca.crt", "node.crt", "none", "the key " + directory.file("none")},
                        Case{"ca.crt", "node.crt", "no.key", "the key " + directory.file("no.key")},
                        Case{"ca.crt", "node.crt", "other_node.key", "the key " + directory.file("other_node.key")}}) {
    EtcdOptions options = server.options();
    options.authority_file = directory.file(c.authority);
    options.certificate_file = directory.file(c.certificate);
    options.key_file = directory.file(c.key);
    EtcdClient client(options);
    EXPECT_TRUE(client.reported(c.reason)) << c.reason << " is not: " << client.last_report();
    EXPECT_EQ(client.reports_with("c2VjcmV0") + client.reports_with("secret"), 0U);
  }
}

TEST(EtcdAnswers, each_server_has_its_turn) {
  PretendedEtcd useless({}, own_address());
  PretendedEtcd useful({nothing_yet, nothing_yet}, own_address());
  EtcdOptions options = useful.options();
  options.servers.insert(options.servers.begin(), useless.options().servers[0]);
  EtcdClient client(options);
  ASSERT_TRUE(client.up());
  EXPECT_TRUE(std::holds_alternative<RecordRead>(client.read()));
  EXPECT_EQ(client.reports_with("cannot use the store at"), 1U);
}

TEST(EtcdAnswers, nothing_is_told_once_it_is_gone) {
  PretendedEtcd server({nothing_yet, nothing_yet, nothing_yet, nothing_yet}, own_address());
  for (const bool asked : {false, true}) {
    EtcdClient client(server.options());
    if (asked) {
      ASSERT_TRUE(client.up());
      client.on_loop([](EtcdRecord& record) { record.read(); });
    }
    client.destroy_record();
    const std::size_t told = client.ups() + client.downs();
    EtcdClient other(server.options());
    ASSERT_TRUE(other.up());  // time has passed, and the server has gone on
    EXPECT_EQ(client.ups() + client.downs(), told);
  }
}

TEST(EtcdAnswers, whoever_is_told_may_let_go_of_it) {
  for (const std::vector<std::string>& answers : {std::vector{nothing_yet}, std::vector{nothing_yet, std::string()}}) {
    PretendedEtcd server(answers, own_address());
    EventLoop loop;
    std::optional<EtcdRecord> record;
    const bool at_once = answers.size() == 1;
    std::vector<std::string> told;
    const auto tell = [&](const SharedRecordEvent& event) {
      told.push_back(std::holds_alternative<StoreUp>(event) ? "up" : "down");
      if (told.back() == "up" && !at_once) return record->read();
      record.reset();
      loop.stop();
    };
    record.emplace(loop, server.options(), tell, [](Severity, const std::string&) {});
    record->start();
    loop.run();
    EXPECT_EQ(told, at_once ? std::vector<std::string>{"up"} : (std::vector<std::string>{"up", "down"}));
  }
}

}  // namespace
}  // namespace lockstep::io

// What goes to etcd's gateway, and what comes from it.
#include "io/etcd/etcd_messages.h"

#include <string>
#include <variant>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

namespace lockstep::io::etcd {
namespace {

// As etcd 3.4 wrote them; the key is "a", the record "b".
const std::string header =
    R"({"header":{"cluster_id":"14346768082001772696","member_id":"12138866685700157806","revision":"7","raft_term":"2"})";
const std::string kvs =
    R"("kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"5","version":"1","value":"Yg=="}],"count":"1")";

std::string range(const std::string& rest) { return header + rest + "}"; }
std::string superseded(const std::string& rest) {
  return range(R"(,"responses":[{"response_range":{"header":{"revision":"7"})" + rest + "}}]");
}
std::string with_value(std::size_t bytes) {
  return range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5","value":")" + to_base64(std::string(bytes, 'x')) + R"("}])");
}

TEST(EtcdMessages, base64_is_that_of_rfc_4648) {
  const std::vector<std::pair<std::string, std::string>> known = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"},
                                                                  {std::string("\0\xff\xfe", 3), "AP/+"}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9-", "Zm9v\n"}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

TEST(EtcdMessages, questions_are_what_the_gateway_expects) {
  EXPECT_EQ(range_request("a"), R"({"key":"YQ=="})");
  const auto asked = boost::json::parse(replace_request("a", Revision{12}, Buffer::copy_of("b")));
  EXPECT_EQ(asked, boost::json::parse(R"({
    "compare": [{"key": "YQ==", "target": "MOD", "result": "EQUAL", "mod_revision": "12"}],
    "success": [{"request_put": {"key": "YQ==", "value": "Yg=="}}],
    "failure": [{"request_range": {"key": "YQ=="}}]})"));
}

TEST(EtcdMessages, the_newest_version_is_that_of_the_key) {
  const auto newest = decode_range_answer(range("," + kvs), "a");
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->revision, Revision{5});
  EXPECT_EQ(newest->record.text(), "b");
  for (const std::string& absent : {range(""), range(R"(,"kvs":[])")}) {
    const auto none = decode_range_answer(absent, "a");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->revision, Revision{});
    EXPECT_TRUE(none->record.empty());
  }
  EXPECT_TRUE(decode_range_answer(range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5"}])"), "a")->record.empty());
  EXPECT_TRUE(decode_range_answer(with_value(record_bytes_max), "a"));
  EXPECT_LT(with_value(record_bytes_max).size(), answer_bytes_max);
}

TEST(EtcdMessages, what_is_no_answer_to_a_read_is_refused) {
  for (const std::string& wrong : {
           std::string(),
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"header":1})"),
           range("," + kvs) + "x",
           range(R"(,"kvs":{})"),
           range(R"(,"kvs":[1])"),
           range(R"(,"kvs":[{}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":5,"value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"0","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"-5","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"05","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5x","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"99999999999999999999","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5","value":"Yg="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5","value":7}])"),
           range(R"(,"kvs":[{"key":"Yw==","mod_revision":"5","value":"Yg=="}])"),
           range(R"(,"kvs":[{"key":"YQ==","mod_revision":"5"},{"key":"YQ==","mod_revision":"5"}])"),
           with_value(record_bytes_max + 1),
       }) {
    EXPECT_FALSE(decode_range_answer(wrong, "a")) << wrong.substr(0, 300);
  }
}

TEST(EtcdMessages, a_replacement_has_come_about_or_has_not) {
  const auto done = decode_replace_answer(
      range(R"(,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"7"}}}])"), "a");
  ASSERT_TRUE(done);
  EXPECT_EQ(std::get<RecordReplaced>(*done).revision, Revision{7});
  const auto other = decode_replace_answer(superseded("," + kvs), "a");
  ASSERT_TRUE(other);
  EXPECT_EQ(std::get<RecordSuperseded>(*other).revision, Revision{5});
  EXPECT_EQ(std::get<RecordSuperseded>(*other).record.text(), "b");
  const auto gone = decode_replace_answer(superseded(""), "a");
  ASSERT_TRUE(gone);
  EXPECT_EQ(std::get<RecordSuperseded>(*gone).revision, Revision{});
  EXPECT_TRUE(std::get<RecordSuperseded>(*gone).record.empty());
}

TEST(EtcdMessages, what_is_no_answer_to_a_replacement_is_refused) {
  for (const std::string& wrong : {
           std::string(),
           range(""),
           range("," + kvs),
           range(R"(,"succeeded":"true")"),
           range(R"(,"succeeded":1)"),
           range(R"(,"responses":[])"),
           range(R"(,"responses":[1])"),
           range(R"(,"responses":[{}])"),
           range(R"(,"responses":[{"response_put":{}}])"),
           superseded(R"(,"kvs":[{}])"),
           std::string(R"({"header":{},"succeeded":true})"),
           std::string(R"({"succeeded":true})"),
           std::string(R"({"header":{"revision":"0"},"succeeded":true})"),
       }) {
    EXPECT_FALSE(decode_replace_answer(wrong, "a")) << wrong;
  }
}

TEST(EtcdMessages, a_refusal_is_one_line) {
  EXPECT_EQ(refusal_in(R"({"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14})"),
            "etcdserver: no leader");
  EXPECT_EQ(refusal_in(R"({"error":"a\nb\u0007","code":14})"), "a?b?");
  EXPECT_EQ(refusal_in(R"({"error":")" + std::string(5000, 'x') + R"("})"), std::string(200, 'x'));
  for (const char* silent : {"", "Not Found", "{}", R"({"error":5})"}) EXPECT_EQ(refusal_in(silent), "");
}

}  // namespace
}  // namespace lockstep::io::etcd

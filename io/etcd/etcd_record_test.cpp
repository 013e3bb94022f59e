// The record in a real etcd: what it answers, and what is told when it does not.
#include "io/etcd/etcd_messages.h"
#include "io/etcd/etcd_test_tools.h"

#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

using Clock = std::chrono::steady_clock;

TEST(EtcdRecord, is_read_created_replaced_and_not_replaced_by_who_is_late) {
  EtcdCluster store(1);
  EtcdClient client(store.options());
  ASSERT_TRUE(client.up()) << client.last_report();
  const auto none = std::get<RecordRead>(client.read());
  EXPECT_EQ(none.revision, Revision{});
  EXPECT_TRUE(none.record.empty());

  const std::string bytes("a\0\xff\n\"", 5);
  const auto created = std::get<RecordReplaced>(client.replace({}, bytes));
  EXPECT_GT(created.revision, Revision{});
  const auto read = std::get<RecordRead>(client.read());
  EXPECT_EQ(read.revision, created.revision);
  EXPECT_EQ(read.record.text(), bytes);

  const auto replaced = std::get<RecordReplaced>(client.replace(created.revision, "second"));
  EXPECT_GT(replaced.revision, created.revision);
  for (const Revision late : {Revision{}, created.revision, Revision{replaced.revision.value + 1}}) {
    const auto superseded = std::get<RecordSuperseded>(client.replace(late, "third"));
    EXPECT_EQ(superseded.revision, replaced.revision);
    EXPECT_EQ(superseded.record.text(), "second");
  }
  const std::string large(etcd::record_bytes_max, '\x01');
  const auto last = std::get<RecordReplaced>(client.replace(replaced.revision, large));
  EXPECT_EQ(std::get<RecordRead>(client.read()).record.text(), large);

  EtcdOptions other = store.options();
  other.key += "2";
  EtcdClient elsewhere(other);
  ASSERT_TRUE(elsewhere.up());
  const auto absent = std::get<RecordSuperseded>(elsewhere.replace(last.revision, "x"));
  EXPECT_EQ(absent.revision, Revision{});
  EXPECT_TRUE(absent.record.empty());
  EXPECT_EQ(client.ups(), 1U);
  EXPECT_EQ(client.downs(), 0U);
}

/// So many times one more than what is there.
void count_on(EtcdClient& client, int times) {
  auto newest = std::get<RecordRead>(client.read());
  while (times > 0) {
    const int value = newest.record.empty() ? 0 : std::stoi(std::string(newest.record.text()));
    const SharedRecordEvent event = client.replace(newest.revision, std::to_string(value + 1));
    if (const auto* replaced = std::get_if<RecordReplaced>(&event)) {
      --times;
      newest = {replaced->revision, Buffer::copy_of(std::to_string(value + 1))};
    } else {
      const auto& superseded = std::get<RecordSuperseded>(event);
      newest = {superseded.revision, superseded.record};
    }
  }
}

TEST(EtcdRecord, of_two_that_replace_it_at_once_none_loses_anything) {
  constexpr int times = 200;
  EtcdCluster store(1, EtcdListens::for_anybody);
  EtcdClient one(store.options());
  EtcdClient other(store.options());
  ASSERT_TRUE(one.up() && other.up());
  std::thread beside([&] { count_on(other, times); });
  count_on(one, times);
  beside.join();
  EXPECT_EQ(std::get<RecordRead>(one.read()).record.text(), std::to_string(2 * times));
}

TEST(EtcdRecord, a_killed_server_is_noticed_and_found_again_with_all_that_was_acknowledged) {
  EtcdCluster store(1);
  EtcdClient client(store.options());
  ASSERT_TRUE(client.up());
  Revision newest;
  int acknowledged = 0;
  for (; acknowledged < 20; ++acknowledged) {
    newest = std::get<RecordReplaced>(client.replace(newest, std::to_string(acknowledged + 1))).revision;
  }
  store.kill(0);  // while nothing is asked
  ASSERT_TRUE(client.down());
  EXPECT_TRUE(client.reported("lost the store at " + own_address()));
  store.start(0);
  ASSERT_TRUE(client.up(2));
  auto read = std::get<RecordRead>(client.read());
  EXPECT_EQ(read.revision, newest);
  EXPECT_EQ(read.record.text(), "20");

  client.on_loop([newest](EtcdRecord& record) { record.replace(newest, Buffer::copy_of("21")); });
  store.kill(0);  // whether it came to that nobody knows
  ASSERT_TRUE(client.down(2));
  store.start(0);
  ASSERT_TRUE(client.up(3));
  read = std::get<RecordRead>(client.read());
  EXPECT_TRUE(read.record.text() == "21" || read.record.text() == "20") << read.record.text();
  EXPECT_EQ(read.record.text() == "20", read.revision == newest);
  EXPECT_EQ(client.downs(), 2U);
}

TEST(EtcdRecord, a_server_that_hangs_counts_as_down_in_time) {
  EtcdCluster store(1);
  EtcdOptions options = store.options();
  options.answer_max = milliseconds(1000);
  EtcdClient client(options);
  ASSERT_TRUE(client.up());
  store.suspend(0);
  const auto begun = Clock::now();
  EXPECT_TRUE(std::holds_alternative<StoreDown>(client.read()));
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(3));
  const std::string where = own_address() + ":" + std::to_string(options.servers[0].port);
  EXPECT_TRUE(client.reported("lost the store at " + where + ": no answer within 1000 ms"));
  const std::size_t ups = client.ups();
  // The system takes a connection for it.
  EXPECT_TRUE(client.reported("cannot use the store at " + where + ": no answer within 1000 ms"));
  EXPECT_EQ(client.ups(), ups);
  store.resume(0);
  EXPECT_TRUE(client.up(ups + 1));
}

TEST(EtcdRecord, is_up_with_a_majority_only) {
  EtcdCluster store(3);
  EtcdOptions options = store.options();
  options.answer_max = milliseconds(1500);
  EtcdClient client(options);
  ASSERT_TRUE(client.up());
  const std::size_t ups = client.ups();
  store.kill(0);
  store.kill(1);
  // Whom it was connected to has gone, or cannot answer.
  client.on_loop([](EtcdRecord& record) { record.read(); });
  ASSERT_TRUE(client.down(ups));
  const std::string survivor = ":" + std::to_string(options.servers[2].port) + ": no answer within";
  EXPECT_TRUE(client.reported("cannot use the store at " + options.servers[2].host + survivor));
  EXPECT_EQ(client.ups(), ups);
  store.start(0);
  EXPECT_TRUE(client.up(ups + 1));
}

TEST(EtcdRecord, who_cannot_be_trusted_or_does_not_trust_is_not_used) {
  EtcdCluster store(1);
  store.directory().make_credentials("other_", own_address());
  EtcdClient known(store.options());
  ASSERT_TRUE(known.up());  // so it runs

  EtcdOptions wrong = store.options();
  wrong.authority_file = store.directory().file("other_ca.crt");
  EtcdClient of_another_authority(wrong);
  EXPECT_TRUE(of_another_authority.reported("its certificate is not accepted"));

  wrong = store.options();
  wrong.certificate_file.clear();
  wrong.key_file.clear();
  EtcdClient without_certificate(wrong);
  EXPECT_TRUE(without_certificate.reported("it does not accept")) << without_certificate.last_report();

  wrong.certificate_file = store.directory().file("other_node.crt");
  wrong.key_file = store.directory().file("other_node.key");
  EtcdClient with_a_strange_certificate(wrong);
  EXPECT_TRUE(with_a_strange_certificate.reported("it does not accept")) << with_a_strange_certificate.last_report();

  EXPECT_EQ(of_another_authority.reports_with(""), 1U) << of_another_authority.last_report();
  for (const EtcdClient* client : {&of_another_authority, &without_certificate, &with_a_strange_certificate}) {
    EXPECT_EQ(client->ups() + client->downs(), 0U);
  }
}

TEST(EtcdRecord, nothing_is_said_in_plain_text) {
  EtcdCluster store(1, EtcdListens::in_plain_text);
  EtcdClient client(store.options());
  EXPECT_TRUE(client.reported("it does not speak TLS")) << client.last_report();
  EXPECT_EQ(client.ups(), 0U);
}

TEST(EtcdRecord, a_connection_that_is_given_up_is_followed_by_another) {
  EtcdCluster store(1);
  EtcdClient client(store.options());
  ASSERT_TRUE(client.up());
  const SharedRecordEvent event = client.answer_to([](EtcdRecord& record) {
    record.read();
    record.reset();
    record.reset();
    record.read();  // nobody has been told yet that it is down
  });
  EXPECT_TRUE(std::holds_alternative<StoreDown>(event));
  ASSERT_TRUE(client.up(2));
  EXPECT_EQ(client.downs(), 1U);
  EXPECT_TRUE(std::holds_alternative<RecordRead>(client.read()));
}

}  // namespace
}  // namespace lockstep::io

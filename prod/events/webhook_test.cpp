// Webhooks against a real HTTP receiver: signed, repeated until heard, never waited for.
#include "prod/events/http_post.h"
#include "prod/events/webhook_sender.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdlib.h>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;
using Request = http::request<http::string_body>;

/// Takes one connection after the other, on a thread of its own, and answers with the given statuses in turn; with the
/// last one again and again.
class WebhookReceiver {
 public:
  explicit WebhookReceiver(std::vector<unsigned> statuses, asio::ssl::context* tls = nullptr)
      : statuses_(std::move(statuses)),
        tls_(tls),
        acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { run(); });
  }
  ~WebhookReceiver() {
    ending_ = true;
    tcp::socket(context_).connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port_));
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// So many requests, once they are there.
  std::vector<Request> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= count; });
    return requests_;
  }

 private:
  void run() {
    for (std::size_t i = 0;; ++i) {
      tcp::socket socket(context_);
      acceptor_.accept(socket);
      if (ending_) return;
      const unsigned status = statuses_[std::min(i, statuses_.size() - 1)];
      boost::system::error_code refused;
      if (tls_ == nullptr) {
        answer(socket, status, refused);
        continue;
      }
      asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
      stream.handshake(asio::ssl::stream_base::server, refused);
      if (!refused) answer(stream, status, refused);
    }
  }

  template <typename Stream>
  void answer(Stream& stream, unsigned status, boost::system::error_code& error) {
    boost::beast::flat_buffer buffer;
    Request request;
    http::read(stream, buffer, request, error);
    if (error) return;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
    }
    arrived_.notify_all();
    http::response<http::string_body> response(static_cast<http::status>(status), 11);
    response.prepare_payload();
    http::write(stream, response, error);
  }

  const std::vector<unsigned> statuses_;
  asio::ssl::context* const tls_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Request> requests_;
  std::thread thread_;
};

WebhookConfiguration webhook_at(std::uint16_t port) {
  WebhookConfiguration webhook;
  webhook.tls = false;
  webhook.host = "127.0.0.1";
  webhook.port = port;
  webhook.target = "/lockstep?x=1";
  return webhook;
}

ModuleEvent lost(EventKind kind = EventKind::protection) {
  ModuleEvent event;
  event.kind = kind;
  event.name = "protection_lost";
  event.text = "NOT PROTECTED: s2 is out of sync";
  event.time_ms = 1'795'000'000'123;
  event.number = 17;
  return event;
}

const WebhookOrigin origin{"office", "s1", "1.0"};
const WebhookTimes quick{milliseconds(2000), milliseconds(10), milliseconds(50), milliseconds(3'600'000),
                         milliseconds(500)};

/// What was said, from any thread.
class Reports {
 public:
  io::Report sink() {
    return [this](io::Severity, const std::string& text) {
      const std::scoped_lock lock(mutex_);
      texts_.push_back(text);
    };
  }
  std::vector<std::string> all() {
    const std::scoped_lock lock(mutex_);
    return texts_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

/// Until it holds, for a while.
template <typename Condition>
bool eventually(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

void no_report(io::Severity /*severity*/, const std::string& /*text*/) {}

std::string header(const Request& request, const char* name) { return std::string(request[name]); }

class WebhookTest : public testing::Test {
 protected:
  WebhookTest() {
    char name[] = "/tmp/lockstep-webhook-XXXXXX";
    directory_ = ::mkdtemp(name);
    secret_file_ = directory_ + "/secret";
    std::ofstream(secret_file_) << "Jefe\n";
  }
  ~WebhookTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::string secret_file_;
};

TEST_F(WebhookTest, the_signature_is_that_of_rfc_4231) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_F(WebhookTest, is_told_signed_and_again_until_it_has_heard) {
  WebhookReceiver receiver({500, 429, 204});
  WebhookConfiguration webhook = webhook_at(receiver.port());
  webhook.secret_file = secret_file_;
  WebhookSender sender({webhook}, origin, no_report, quick);
  sender.take("shop", lost());
  const auto requests = receiver.wait_for(3);
  ASSERT_EQ(requests.size(), 3U);
  const Request& heard = requests.back();
  EXPECT_EQ(std::string(heard.target()), "/lockstep?x=1");
  EXPECT_EQ(header(heard, "Lockstep-Signature"), "sha256=" + hmac_sha256_hex("Jefe", heard.body()));
  EXPECT_EQ(header(heard, "Lockstep-Event"), "protection_lost");
  EXPECT_EQ(header(requests[0], "Lockstep-Delivery"), header(heard, "Lockstep-Delivery"));
  for (const char* part : {R"("cluster":"office")", R"("node":"s1")", R"("module":"shop")", R"("number":17)",
                           R"("time":"2026-11-18T11:06:40.123Z")", R"("kind":"protection")"}) {
    EXPECT_NE(heard.body().find(part), std::string::npos) << part << " is not in " << heard.body();
  }
}

TEST_F(WebhookTest, hears_only_what_it_has_asked_for) {
  WebhookReceiver receiver({200});
  WebhookConfiguration webhook = webhook_at(receiver.port());
  webhook.events = {EventKind::role};
  WebhookSender sender({webhook}, origin, no_report, quick);
  sender.take("shop", lost());
  sender.take("shop", lost(EventKind::role));
  ASSERT_EQ(receiver.wait_for(1).size(), 1U);
  EXPECT_NE(receiver.wait_for(1)[0].body().find(R"("kind":"role")"), std::string::npos);
}

TEST_F(WebhookTest, what_it_refuses_is_not_repeated) {
  WebhookReceiver receiver({404, 200});
  WebhookSender sender({webhook_at(receiver.port())}, origin, no_report, quick);
  sender.take("shop", lost());
  sender.take("other", lost());
  const auto requests = receiver.wait_for(2);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[1].body().find(R"("module":"other")"), std::string::npos);
  EXPECT_EQ(sender.figures()[0].given_up, 1U);
}

TEST_F(WebhookTest, nobody_there_holds_up_nobody_and_is_said_once) {
  std::uint16_t port = 0;
  {
    WebhookReceiver gone({200});
    port = gone.port();
  }
  Reports reports;
  const auto begun = std::chrono::steady_clock::now();
  {
    WebhookSender sender({webhook_at(port)}, origin, reports.sink(), quick);
    for (std::size_t i = 0; i < 2 * WebhookSender::queue_max; ++i) sender.take("shop", lost());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(1000));
    EXPECT_LE(sender.figures()[0].waiting, WebhookSender::queue_max + 1);
    EXPECT_GE(sender.figures()[0].given_up, WebhookSender::queue_max - 1);
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_EQ(reports.all().size(), 1U);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(5000));
  ASSERT_EQ(reports.all().size(), 2U);
  EXPECT_TRUE(reports.all()[1].starts_with("events for the webhook at 127.0.0.1 were given up: 25"));
}

TEST_F(WebhookTest, nothing_leaves_unsigned_where_the_secret_cannot_be_read) {
  WebhookReceiver receiver({200});
  WebhookConfiguration webhook = webhook_at(receiver.port());
  webhook.secret_file = directory_ + "/none";
  Reports reports;
  {
    WebhookSender sender({webhook}, origin, reports.sink(), quick);
    sender.take("shop", lost());
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_TRUE(receiver.wait_for(0).empty());
  ASSERT_FALSE(reports.all().empty());
  EXPECT_NE(reports.all()[0].find("secret_file " + webhook.secret_file), std::string::npos) << reports.all()[0];
}

TEST_F(WebhookTest, others_take_the_place_of_some_and_what_waits_is_kept) {
  WebhookReceiver stays({500, 500, 200});
  WebhookReceiver comes({200});
  WebhookReceiver goes({200});
  WebhookConfiguration stay = webhook_at(stays.port());
  stay.url = "http://stays";
  WebhookConfiguration come = webhook_at(comes.port());
  come.url = "http://comes";
  WebhookConfiguration go = webhook_at(goes.port());
  go.url = "http://goes";
  std::optional<WebhookSender> sender;
  sender.emplace(std::vector{stay, go}, origin, no_report, quick);
  sender->take("shop", lost());
  EXPECT_EQ(goes.wait_for(1).size(), 1U);
  stay.secret_file = secret_file_;
  sender->replace({come, stay});
  EXPECT_EQ(sender->figures().size(), 2U);
  const auto heard = stays.wait_for(3);
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_NE(heard[2].body().find(R"("module":"shop")"), std::string::npos);
  sender->take("other", lost());
  EXPECT_EQ(comes.wait_for(1).size(), 1U);
  const auto signed_now = stays.wait_for(4);
  ASSERT_EQ(signed_now.size(), 4U);
  EXPECT_EQ(header(signed_now[3], "Lockstep-Signature"), "sha256=" + hmac_sha256_hex("Jefe", signed_now[3].body()));
  sender.reset();  // whatever was still to be told has been
  EXPECT_EQ(goes.wait_for(0).size(), 1U);
}

TEST_F(WebhookTest, a_changed_one_is_tried_at_once_and_its_failure_said_anew) {
  WebhookReceiver receiver({500, 500, 200});
  WebhookTimes slow = quick;
  slow.pause_first = slow.pause_max = milliseconds(3'600'000);
  WebhookConfiguration webhook = webhook_at(receiver.port());
  Reports reports;
  WebhookSender sender({webhook}, origin, reports.sink(), slow);
  sender.take("shop", lost());
  ASSERT_TRUE(eventually([&] { return sender.figures()[0].failures == 1; }));
  sender.replace({webhook});  // nothing of it is new
  webhook.secret_file = secret_file_;
  sender.replace({webhook});
  ASSERT_TRUE(eventually([&] { return sender.figures()[0].failures == 2; }));
  EXPECT_EQ(reports.all().size(), 2U);
  webhook.events = {EventKind::role};
  sender.replace({webhook});
  ASSERT_TRUE(eventually([&] { return sender.figures()[0].delivered == 1; }));
  EXPECT_EQ(receiver.wait_for(3).size(), 3U);
  ASSERT_EQ(reports.all().size(), 3U);
  EXPECT_EQ(reports.all()[2], "the webhook at 127.0.0.1 hears what happens again");
}

TEST_F(WebhookTest, what_one_that_goes_does_not_hear_is_said) {
  WebhookReceiver receiver({500});
  Reports reports;
  WebhookSender sender({webhook_at(receiver.port())}, origin, reports.sink(), quick);
  sender.take("shop", lost());
  sender.take("other", lost());
  sender.replace({});
  ASSERT_TRUE(eventually([&] { return reports.all().size() == 2; }));
  EXPECT_EQ(reports.all()[1], "events for the webhook at 127.0.0.1 were given up: 2");
}

TEST_F(WebhookTest, over_tls_only_who_can_prove_its_name_is_told) {
  const std::string key = directory_ + "/key.pem";
  const std::string certificate = directory_ + "/certificate.pem";
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
      "-addext subjectAltName=DNS:localhost -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.use_certificate_chain_file(certificate);
  tls.use_private_key_file(key, asio::ssl::context::pem);
  WebhookReceiver receiver({200}, &tls);
  WebhookConfiguration webhook = webhook_at(receiver.port());
  webhook.tls = true;
  webhook.host = "localhost";
  const HttpPost post{{}, "{}"};
  EXPECT_NE(post_over_http(webhook, post, milliseconds(2000)).error, "");  // nobody vouches for it
  webhook.ca_file = certificate;
  const PostOutcome outcome = post_over_http(webhook, post, milliseconds(2000));
  EXPECT_EQ(outcome.status, 200U) << outcome.error;
  webhook.host = "127.0.0.1";  // not the name in the certificate
  EXPECT_NE(post_over_http(webhook, post, milliseconds(2000)).error, "");
}

}  // namespace
}  // namespace lockstep::prod

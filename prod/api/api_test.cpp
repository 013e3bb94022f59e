// The API over real connections: TLS, limits, and answers that come late.
#include "io/tls/openssl.h"
#include "io/tls/stream.h"
#include "io/tls/testing/credentials.h"
#include "prod/api/api_server.h"
#include "prod/setup/secure_channel.h"

#include <arpa/inet.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace fs = std::filesystem;

class Api : public ::testing::Test {
 protected:
  Api()
      : configuration_((fs::temp_directory_path() / ("api_test." + std::to_string(::getpid()))).string()),
        server_(
            context_, tls::testing::credentials("first"), configuration_,
            [](const ControlRequest& request, const ApiServer::Respond& respond) {
              // As a module's thread does it.
              std::thread([request, respond] {
                respond({request.module == "shop" || request.verb == "configuration" ? Outcome::done : Outcome::refused,
                         request.verb,
                         {{"role", "PRIM"}}});
              }).detach();
            },
            [](const std::string&) {}),
        work_(boost::asio::make_work_guard(context_)) {
    NewApiToken made = make_token("operator", ApiRole::control);
    presented_ = made.presented;
    EXPECT_EQ(write_tokens(configuration_, {made.token}), "");
    EXPECT_EQ(server_.listen("127.0.0.1", 0), "");
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Api() override {
    context_.stop();
    thread_.join();
    fs::remove_all(configuration_);
  }

  int connect() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  /// All that is answered until the other end closes, which "Connection: close" asks for.
  std::string ask(const std::string& request, const tls::Context& context = tls::Context::unverified()) const {
    SecureChannel channel(connect(), context, tls::End::dialing, std::chrono::seconds(10));
    EXPECT_EQ(channel.handshake(), "");
    EXPECT_EQ(channel.send_line(request), "");
    std::string text;
    while (const auto line = channel.receive_line()) text += *line + "\n";
    return text;
  }
  std::string get(const std::string& path) const {
    return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + presented_ +
               "\r\nConnection: close\r\n\r");
  }

  const std::string configuration_;
  boost::asio::io_context context_{1};
  ApiServer server_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::string presented_;
  std::thread thread_;
};

TEST_F(Api, answers_who_has_a_token) {
  EXPECT_NE(get("/v1/status/shop").find("200 OK"), std::string::npos) << get("/v1/status/shop");
  const std::string posted = ask("POST /v1/modules/shop/swap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                                 presented_ + "\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_NE(posted.find("200 OK"), std::string::npos) << posted;
  EXPECT_NE(get("/v1/status/other").find("409"), std::string::npos);
}

TEST_F(Api, refuses_who_has_none_and_what_is_too_large) {
  const std::string bare = ask("GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r");
  EXPECT_NE(bare.find("401 Unauthorized"), std::string::npos) << bare;
  EXPECT_NE(bare.find("WWW-Authenticate: Bearer"), std::string::npos) << bare;
  const std::string large = ask("POST /v1/modules/shop/swap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                                presented_ + "\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, ' '));
  EXPECT_NE(large.find("413"), std::string::npos) << large;
}

TEST_F(Api, tells_the_configuration_to_machines_of_the_cluster_alone) {
  const auto asked_by = [&](const tls::Credentials& who) {
    return ask("GET /v1/configuration HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + presented_ +
                   "\r\nConnection: close\r\n\r",
               tls::Context(who, tls::Peers::anybody));
  };
  const std::string member = asked_by(tls::testing::credentials("second"));
  EXPECT_NE(member.find("200 OK"), std::string::npos) << member;
  const std::string witness = asked_by(tls::testing::credentials("witness"));
  EXPECT_NE(witness.find("403"), std::string::npos) << witness;
  const std::string foreign = asked_by(tls::testing::credentials("second", tls::Authority::create("demo")));
  EXPECT_NE(foreign.find("403"), std::string::npos) << foreign;
  const std::string other = asked_by(tls::testing::credentials("second", tls::testing::demo_authority(), "other"));
  EXPECT_NE(other.find("403"), std::string::npos) << other;
  const std::string expired =
      asked_by(tls::testing::credentials("second", tls::testing::demo_authority(), "demo", tls::testing::expired));
  EXPECT_NE(expired.find("403"), std::string::npos) << expired;
  EXPECT_NE(get("/v1/configuration").find("403"), std::string::npos);  // a token is not enough
}

TEST_F(Api, speaks_nothing_but_tls_1_3) {
  const int socket = connect();
  const std::string request = "GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + presented_ + "\r\n\r\n";
  ASSERT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL), std::ssize(request));
  char answer[1024];
  std::string text;
  for (ssize_t got = 0; (got = ::recv(socket, answer, sizeof answer, 0)) > 0;) {
    text.append(answer, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(text.find("HTTP"), std::string::npos);
  ::close(socket);

  const tls::Context old = tls::Context::unverified();
  SSL_CTX_set_min_proto_version(old.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
  SecureChannel channel(connect(), old, tls::End::dialing, std::chrono::seconds(10));
  EXPECT_NE(channel.handshake().find("TLS 1.3"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::prod

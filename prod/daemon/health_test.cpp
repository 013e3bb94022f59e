// Health answers, from the published status to the bytes on the wire; and the control socket.
#include "prod/daemon/control_server.h"
#include "prod/daemon/http_server.h"
#include "prod/daemon/status_board.h"

#include <arpa/inet.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

constexpr Instant now{1'000'000'000'000};
constexpr Duration timeout = milliseconds(2000);

PublishedStatus published(engine::Role role, engine::Readiness readiness, Duration age) {
  engine::Status status;
  status.role = role;
  status.readiness = readiness;
  status.reason = "because.";
  status.lease_until = now + milliseconds(1500);
  return {status, now + Duration{-age.ns}};
}

TEST(Health, only_a_ready_primary_is_healthy) {
  using engine::Readiness;
  using engine::Role;
  for (const Role role : {Role::stop, Role::wait, Role::alone, Role::prim, Role::second}) {
    for (const Readiness readiness : {Readiness::not_ready, Readiness::transient, Readiness::ready}) {
      const auto status = published(role, readiness, milliseconds(10));
      const bool expected = (role == Role::prim || role == Role::alone) && readiness == Readiness::ready;
      EXPECT_EQ(health_of(&status, now, timeout).serves, expected);
    }
  }
}

TEST(Health, a_hung_loop_is_unhealthy_before_its_lease_can_end) {
  const auto fresh = published(engine::Role::prim, engine::Readiness::ready, milliseconds(900));
  EXPECT_TRUE(health_of(&fresh, now, timeout).serves);
  const auto old = published(engine::Role::prim, engine::Readiness::ready, milliseconds(1100));
  EXPECT_FALSE(health_of(&old, now, timeout).serves);
  EXPECT_NE(health_of(&old, now, timeout).reason.find("not responded for 1100 ms"), std::string::npos);
  EXPECT_FALSE(health_of(nullptr, now, timeout).serves);
}

TEST(Health, ends_with_the_lease) {
  const auto status = published(engine::Role::prim, engine::Readiness::ready, milliseconds(10));
  EXPECT_TRUE(health_of(&status, now, timeout).serves);
  auto ended = status;
  ended.status.lease_until = now;
  EXPECT_FALSE(health_of(&ended, now, timeout).serves);
  EXPECT_NE(health_of(&ended, now, timeout).reason.find("lease"), std::string::npos);
}

std::string talk(int fd, const std::string& text) {
  const timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  std::string answer;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::recv(fd, chunk, sizeof chunk, 0)) > 0;)
    answer.append(chunk, static_cast<std::size_t>(got));
  ::close(fd);
  return answer;
}

class HttpTest : public testing::Test {
 protected:
  HttpTest()
      : server_(context_, [](const std::string& path) {
          return path == "/health/data" ? HttpAnswer{200, "application/json", "{}\n"}
                                        : HttpAnswer{404, "text/plain", "no\n"};
        }) {
    EXPECT_EQ(server_.listen("127.0.0.1", 0), "");
    thread_ = std::thread([this] { context_.run(); });
  }
  ~HttpTest() override {
    context_.stop();
    thread_.join();
  }
  std::string ask(const std::string& text) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return talk(fd, text);
  }

  boost::asio::io_context context_{1};
  HttpServer server_;
  std::thread thread_;
};

TEST_F(HttpTest, answers_what_load_balancers_ask) {
  EXPECT_EQ(ask("GET /health/data HTTP/1.0\r\n\r\n").find("HTTP/1.0 200 OK"), 0U);
  EXPECT_EQ(ask("GET /health/data?x=1 HTTP/1.0\r\n\r\n").find("HTTP/1.0 200 OK"), 0U);
  EXPECT_EQ(ask("GET /else HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("HTTP/1.1 404"), 0U);
  EXPECT_EQ(ask("DELETE /health/data HTTP/1.0\r\n\r\n").find("HTTP/1.0 405"), 0U);
  const std::string head = ask("HEAD /health/data HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head.find("HTTP/1.0 200 OK"), 0U);
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  // Two requests on one connection.
  const std::string both =
      ask("GET /health/data HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(both.find("200 OK"), std::string::npos);
  EXPECT_NE(both.find("404"), std::string::npos);
}

TEST_F(HttpTest, what_is_too_large_or_no_http_is_cut_off) {
  EXPECT_EQ(ask("GET /" + std::string(HttpServer::header_bytes_max, 'x') + " HTTP/1.0\r\n\r\n").find("200"),
            std::string::npos);
  EXPECT_EQ(ask("nonsense\r\n\r\n").find("200"), std::string::npos);
}

TEST(ControlServer, answers_one_line_and_lets_only_its_owner_in) {
  const std::string path = "/tmp/lockstep-control-" + std::to_string(::getpid()) + ".sock";
  boost::asio::io_context context{1};
  ControlServer server(context, [](const ControlRequest& request, const ControlServer::Respond& respond) {
    respond({Outcome::refused, request.verb + " " + request.module + (request.force ? " force" : ""), {}});
  });
  ASSERT_EQ(server.listen(path), "");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  std::thread thread([&] { context.run(); });
  const auto ask = [&](const std::string& text) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return decode_answer(talk(fd, text));
  };
  ControlRequest request;
  request.module = "data";
  request.verb = "prim";
  request.force = true;
  const auto answer = ask(encode(request) + "\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->outcome, Outcome::refused);
  EXPECT_EQ(answer->text, "prim data force");
  const auto confused = ask("hello\n");
  ASSERT_TRUE(confused);
  EXPECT_EQ(confused->outcome, Outcome::refused);
  context.stop();
  thread.join();
}

}  // namespace
}  // namespace lockstep::prod

// Whatever a client sends to the port for load balancers, over a real socket.
#include "engine/values/check.h"
#include "io/linux/object_descriptor.h"
#include "prod/daemon/http_server.h"
#include "props/fuzz/targets.h"

#include <arpa/inet.h>
#include <cerrno>
#include <string>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>

namespace lockstep::fuzz {

namespace {

struct Server {
  boost::asio::io_context context{1};
  std::string asked;  ///< the last path
  prod::HttpServer http{context, [this](const std::string& path) {
                          asked = path;
                          return path == "/health/shop" ? prod::HttpAnswer{200, "application/json", "{}\n"}
                                                        : prod::HttpAnswer{404, "text/plain", "not found\n"};
                        }};
  Server() { LOCKSTEP_CHECK(http.listen("127.0.0.1", 0).empty(), "there is a port"); }
};

Server& server() {
  static Server one;
  return one;
}

/// Everything that the server answers until it ends the connection.
std::string converse(const Buffer& input) {
  const linux_io::Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server().http.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  LOCKSTEP_CHECK(::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "it accepts");
  // The input is shorter than a socket's buffer, so nobody waits here for the server, which has the same thread.
  if (!input.empty()) ::send(client.fd(), input.data(), input.size(), MSG_NOSIGNAL);
  ::shutdown(client.fd(), SHUT_WR);
  std::string answer;
  while (true) {
    char chunk[4096];
    server().context.restart();
    server().context.poll();
    const ssize_t got = ::recv(client.fd(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0) answer.append(chunk, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
  }
  // Not to run out of ports, which would wait for a minute each.
  const linger at_once{1, 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return answer;
}

bool accepts(const Buffer& input) {
  server().asked.clear();
  const std::string answer = converse(input);
  LOCKSTEP_CHECK(server().asked.find('?') == std::string::npos, "a query is no part of a path");
  LOCKSTEP_CHECK(server().asked.size() <= prod::HttpServer::header_bytes_max, "a path is within the limit");
  if (answer.empty()) return false;
  const auto status = [&answer](const char* code) { return answer.substr(0, 12).find(code) != std::string::npos; };
  LOCKSTEP_CHECK(answer.starts_with("HTTP/1."), "an answer is HTTP");
  LOCKSTEP_CHECK(status(" 200") || status(" 404") || status(" 405"), "only what was asked properly is answered");
  return true;
}

std::vector<Buffer> seeds() {
  return {
      Buffer::copy_of("GET /health/shop HTTP/1.0\r\n\r\n"),
      Buffer::copy_of("HEAD /health/shop?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      Buffer::copy_of("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      Buffer::copy_of("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
      Buffer::copy_of("PUT /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
  };
}

}  // namespace

const Target http_request{"http_request", accepts, seeds, 1024, 3'000};

}  // namespace lockstep::fuzz

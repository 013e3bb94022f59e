// What tests of links have in common: hosts with a loop of their own, nodes on loopback addresses, and callers that are
// none of theirs.
#pragma once

#include "io/asio/asio_link.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/hello.h"
#include "io/asio/shared_ports.h"
#include "io/tls/stream.h"
#include "io/tls/testing/credentials.h"

#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {

inline constexpr std::chrono::seconds patience{5};

inline Hello hello(const std::string& name) {
  Hello result;
  result.program_version = "1.0";
  result.cluster = "demo";
  result.module = "data";
  result.name = name;
  result.settings = {{"timeout", "2s"}};
  return result;
}

/// Everything that happened, for the test's thread to wait on.
class Record {
 public:
  void add(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(text);
    changed_.notify_all();
  }
  bool wait_for(const std::string& part, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return count(part) >= times; });
  }
  std::size_t seen(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    return count(part);
  }
  std::vector<std::string> starting_with(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> result;
    for (const std::string& line : lines_) {
      if (line.starts_with(part)) result.push_back(line);
    }
    return result;
  }

 private:
  std::size_t count(const std::string& part) {
    std::size_t result = 0;
    for (const std::string& line : lines_) result += line.find(part) != std::string::npos ? 1 : 0;
    return result;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// A loop, a queue and whatever link a test puts on them.
class Host {
 public:
  Host() : queue(loop) {}
  ~Host() { end(); }
  /// Before the links go.
  void end() {
    loop.stop();
    if (thread_.joinable()) thread_.join();
    queue.disconnect();
  }
  template <typename LinkType>
  void run(LinkType& link) {
    queue.connect([this](Instant, Event event) { note(event); }, [&link] { link.flush(); });
    thread_ = std::thread([this] { loop.run(); });
  }
  void on_loop(std::function<void()> work) { loop.post_from_any_thread(std::move(work)); }
  Report report() {
    return [this](Severity, const std::string& text) { record.add("log " + text); };
  }

  EventLoop loop;
  EventQueue queue;
  Record record;
  std::vector<Buffer> frames;  ///< on the loop's thread; the test reads them when `record` says so

 private:
  void note(const Event& event) {
    const auto place = [](Endpoint endpoint) { return std::to_string(static_cast<int>(endpoint)); };
    if (const auto* up = std::get_if<LinkUp>(&event)) record.add("up " + place(up->endpoint));
    if (const auto* down = std::get_if<LinkDown>(&event)) record.add("down " + place(down->endpoint));
    if (const auto* frame = std::get_if<FrameArrived>(&event)) {
      frames.push_back(frame->frame);
      record.add("frame " + place(frame->endpoint) + " " + std::to_string(frame->frame.size()));
    }
  }
  std::thread thread_;
};

struct Node {
  Node(NodeId self, std::uint16_t port, const Hello& mine, std::uint16_t witness_port = 1)
      : Node(self, port, mine, tls::testing::credentials(std::string(to_string(self))), witness_port) {}
  Node(NodeId self, std::uint16_t port, const Hello& mine, const tls::Credentials& credentials,
       std::uint16_t witness_port = 1) {
    AsioLinkOptions options;
    options.self = self;
    options.hello = mine;
    options.self_address = self == NodeId::first ? "127.0.0.1" : "127.0.0.2";
    options.peer_address = self == NodeId::first ? "127.0.0.2" : "127.0.0.1";
    options.port = port;
    options.witness_address = "127.0.0.1";
    options.witness_port = witness_port;
    link = std::make_unique<AsioLink>(host.loop, host.queue, ports, options, tls::Context(credentials), host.report());
    error = link->open();
  }
  ~Node() { host.end(); }
  void run() { host.run(*link); }
  void send(std::vector<std::byte> head, Buffer body) {
    host.on_loop([this, head = std::move(head), body = std::move(body)] {
      link->send(Endpoint::peer, {{head.begin(), head.end()}, body});
    });
  }

  Host host;
  SharedPorts ports{host.report()};
  std::unique_ptr<AsioLink> link;
  std::string error;
};

inline std::vector<std::byte> bytes(std::size_t size, unsigned seed) {
  std::vector<std::byte> result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::byte>(i * 31 + seed + (i >> 12U));
  return result;
}

/// A caller of its own, without TLS or with the second node's certificate.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  bool secure() {
    tls_.emplace(tls::Context(tls::testing::credentials("second")), tls::End::dialing, fd_);
    return tls_->handshake() == tls::Progress::done;
  }
  void send(const std::string& text) {
    if (tls_) {
      ASSERT_EQ(tls_->write(std::as_bytes(std::span(text)), false), tls::Progress::done);
    } else {
      ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
    }
  }
  void send_frame(const std::vector<std::byte>& content) {
    std::string text;
    for (unsigned i = 0; i < 4; ++i) text += static_cast<char>(content.size() >> (8 * i));
    text.append(reinterpret_cast<const char*>(content.data()), content.size());
    send(text);
  }
  /// Reads until the other end closes; the number of bytes.
  std::size_t drain() {
    std::size_t total = 0;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, chunk, sizeof chunk, 0)) > 0;) total += static_cast<std::size_t>(got);
    return total;
  }
  bool connected = false;

 private:
  int fd_;
  std::optional<tls::Stream> tls_;
};

inline std::vector<std::byte> second_hello() {
  Hello mine = hello("s2");
  mine.place = "second";
  return encode(mine);
}

}  // namespace lockstep::io

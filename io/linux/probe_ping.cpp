// An ICMP echo request (RFC 792, RFC 4443), and whether it is answered.
#include "io/asio/event_loop.h"
#include "io/linux/probe.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace lockstep::io {

namespace {

/// Type and code, checksum, identifier, sequence number, and a mark by which the answer is known.
struct Echo {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::array<std::uint32_t, 4> mark{};
};

std::uint16_t checksum_of(const Echo& echo) {
  std::array<std::uint16_t, sizeof(Echo) / 2> words{};
  std::memcpy(words.data(), &echo, sizeof echo);
  std::uint32_t sum = 0;
  for (const std::uint16_t word : words) sum += word;
  while (sum >> 16U != 0) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

class PingProbe final : public Probe {
 public:
  PingProbe(EventLoop& loop, PingCheck check)
      : loop_(loop), check_(std::move(check)), address_(boost::asio::ip::make_address(check_.address)) {}

  void look(Found found) override {
    const int family = address_.is_v6() ? AF_INET6 : AF_INET;
    const int protocol = address_.is_v6() ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    // The kernel may not let this group have the unprivileged kind (net.ipv4.ping_group_range); a daemon that runs as
    // root has the other.
    int opened = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (opened < 0) opened = ::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (opened < 0) return found({false, std::string("no socket for ping: ") + std::strerror(errno)});
    socket_ = std::make_unique<boost::asio::posix::stream_descriptor>(loop_.context(), opened);
    found_ = std::move(found);
    looking_ = std::make_shared<int>();
    if (!send()) return end({false, check_.address + ": " + std::strerror(errno)});
    wait();
  }

  void give_up() override {
    looking_.reset();
    socket_.reset();
    found_ = nullptr;
  }

 private:
  bool send() {
    std::random_device random;
    Echo echo;
    echo.type = address_.is_v6() ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
    echo.identifier = static_cast<std::uint16_t>(random());
    for (std::uint32_t& word : echo.mark) word = random();
    if (!address_.is_v6()) echo.checksum = checksum_of(echo);  // ICMPv6: the kernel's
    mark_ = echo.mark;
    sockaddr_storage to{};
    socklen_t length = 0;
    if (address_.is_v6()) {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(to);
      v6.sin6_family = AF_INET6;
      v6.sin6_scope_id = static_cast<std::uint32_t>(address_.to_v6().scope_id());
      std::memcpy(&v6.sin6_addr, address_.to_v6().to_bytes().data(), sizeof v6.sin6_addr);
      length = sizeof v6;
    } else {
      auto& v4 = reinterpret_cast<sockaddr_in&>(to);
      v4.sin_family = AF_INET;
      std::memcpy(&v4.sin_addr, address_.to_v4().to_bytes().data(), sizeof v4.sin_addr);
      length = sizeof v4;
    }
    return ::sendto(socket_->native_handle(), &echo, sizeof echo, 0, reinterpret_cast<const sockaddr*>(&to), length) >=
           0;
  }

  void wait() {
    socket_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this, weak = std::weak_ptr<int>(looking_)](const boost::system::error_code& error) {
                          if (!error && !weak.expired()) read();
                        });
  }

  void read() {
    std::array<char, 1500> packet;
    const std::string mark(reinterpret_cast<const char*>(mark_.data()), sizeof mark_);
    while (true) {
      const ssize_t got = ::recv(socket_->native_handle(), packet.data(), packet.size(), 0);
      if (got < 0 && errno != EAGAIN && errno != EINTR)
        return end({false, check_.address + ": " + std::strerror(errno)});
      if (got < 0) return wait();
      const std::string_view text(packet.data(), static_cast<std::size_t>(got));
      // A raw socket gives the IP header too, and its own request where it asks its own machine.
      const std::size_t at = text.find(mark);
      if (at == std::string_view::npos || at < offsetof(Echo, mark)) continue;
      const auto type = static_cast<std::uint8_t>(text[at - offsetof(Echo, mark)]);
      if (type != (address_.is_v6() ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) continue;
      return end({true, check_.address + " answers"});
    }
  }

  void end(Finding finding) {
    looking_.reset();
    socket_.reset();
    if (auto found = std::exchange(found_, nullptr)) found(std::move(finding));
  }

  EventLoop& loop_;
  const PingCheck check_;
  const boost::asio::ip::address address_;
  std::array<std::uint32_t, 4> mark_{};
  std::shared_ptr<int> looking_;  ///< as long as a look is under way
  std::unique_ptr<boost::asio::posix::stream_descriptor> socket_;
  Found found_;
};

}  // namespace

std::unique_ptr<Probe> make_ping_probe(EventLoop& loop, PingCheck check) {
  return std::make_unique<PingProbe>(loop, std::move(check));
}

}  // namespace lockstep::io

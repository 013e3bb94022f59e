#include "io/linux/address_announcer.h"

#include "io/asio/event_loop.h"
#include "io/asio/repeat_filter.h"
#include "io/linux/neighbour_packets.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::linux_io {

namespace {

using std::chrono::milliseconds;

/// After the one at once: a switch may still be learning, a first packet may be lost.
constexpr std::array<milliseconds, 5> announced_again_after = {milliseconds(100), milliseconds(400), milliseconds(1000),
                                                               milliseconds(2000), milliseconds(4000)};
/// Two that both insist must not fill the network.
constexpr milliseconds defence_interval{1000};

}  // namespace

class AddressAnnouncer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(io::EventLoop& loop, NetworkInterface interface, InterfaceAddress address, io::Report report)
      : interface_(std::move(interface)),
        address_(std::move(address)),
        report_(report),
        warn_(std::move(report)),
        timer_(loop.context()),
        socket_(loop.context()) {}

  void start() {
    Descriptor opened = open_neighbour_socket(interface_, address_.address);
    if (!opened.valid()) {
      report_(io::Severity::warning, name() + " cannot be announced on " + interface_.name + ": " +
                                         std::strerror(errno) + "; clients find it when their tables run out");
      return;
    }
    socket_.assign(opened.release());
    announce();
    announce_again(0);
    listen();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  [[nodiscard]] std::string name() const { return "address " + address_.address.to_string(); }

  void announce() {
    last_announced_ = std::chrono::steady_clock::now();
    const int error = announce_neighbour(socket_.native_handle(), interface_, address_.address);
    // An interface that is down now comes up some time, and the rounds that follow are for that.
    if (error != 0) warn_(io::Severity::warning, name() + " cannot be announced: " + std::strerror(error));
  }

  void announce_again(std::size_t round) {
    if (round == announced_again_after.size()) return;
    timer_.expires_after(announced_again_after[round]);
    timer_.async_wait([self = shared_from_this(), round](const boost::system::error_code& cancelled) {
      if (cancelled || self->stopped_) return;
      self->announce();
      self->announce_again(round + 1);
    });
  }

  void listen() {
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (error || self->stopped_) return;
                         self->hear();
                         self->listen();
                       });
  }

  void hear() {
    std::array<std::byte, 2048> packet{};
    for (;;) {
      const ssize_t got = ::recv(socket_.native_handle(), packet.data(), packet.size(), MSG_DONTWAIT);
      if (got < 0) return;
      const auto owner = claimed_by({packet.data(), static_cast<std::size_t>(got)}, address_.address);
      if (owner && owner != interface_.hardware) defend(*owner);
    }
  }

  void defend(const HardwareAddress& other) {
    warn_(io::Severity::warning, name() + " is also claimed by " + to_string(other) + " on " + interface_.name +
                                     ": take it away there; until then clients may reach either");
    if (std::chrono::steady_clock::now() - last_announced_ >= defence_interval) announce();
  }

  const NetworkInterface interface_;
  const InterfaceAddress address_;
  const io::Report report_;
  io::RepeatFilter warn_;
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor socket_;
  std::chrono::steady_clock::time_point last_announced_;
  bool stopped_ = false;
};

AddressAnnouncer::AddressAnnouncer(io::EventLoop& loop, NetworkInterface interface, InterfaceAddress address,
                                   io::Report report) {
  if (!interface.hardware) return;
  impl_ = std::make_shared<Impl>(loop, std::move(interface), std::move(address), std::move(report));
  impl_->start();
}

AddressAnnouncer::~AddressAnnouncer() {
  if (impl_) impl_->stop();
}

}  // namespace lockstep::linux_io

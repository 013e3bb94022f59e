#include "io/asio/dialer.h"

#include "io/asio/event_loop.h"
#include "io/asio/repeat_filter.h"

#include <chrono>
#include <netinet/in.h>
#include <optional>
#include <random>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

/// A server answers within a fraction of this, even a distant one. A lost first packet is better tried again by us
/// than by TCP, which waits a second: a server that comes back must not wait for us.
constexpr std::chrono::milliseconds connect_time_max{500};
constexpr std::chrono::milliseconds handshake_time_max{1000};
/// Short, because a returned link should not wait for us; random, so that two ends do not meet in step for ever.
constexpr int pause_ms_min = 50;
constexpr int pause_ms_max = 100;
/// Somebody has to change a file before a refused call can succeed.
constexpr std::chrono::milliseconds pause_when_refused{1000};

}  // namespace

class Dialer::Impl : public std::enable_shared_from_this<Impl>, private FrameConnection::Listener {
 public:
  Impl(EventLoop& loop, DialerOptions options, std::shared_ptr<ReceivePool> pool, Report report,
       Established established)
      : options_(std::move(options)),
        pool_(std::move(pool)),
        warn_(std::move(report)),
        established_(std::move(established)),
        socket_(loop.context()),
        timer_(loop.context()),
        random_(std::random_device{}()),
        remote_(boost::asio::ip::make_address(options_.remote_address), options_.remote_port),
        remote_text_(options_.remote_address + ":" + std::to_string(options_.remote_port)) {}

  void dial() {
    if (stopped_) return;
    ++attempt_;
    socket_ = tcp::socket(socket_.get_executor());
    if (const std::string error = open_socket(); !error.empty()) {
      warn_(Severity::warning, error);
      pause(short_pause());
      return;
    }
    limit_attempt(connect_time_max);
    socket_.async_connect(remote_,
                          [self = shared_from_this(), attempt = attempt_](const boost::system::error_code& error) {
                            if (self->stopped_ || attempt != self->attempt_) return;
                            self->on_connect(error);
                          });
  }

  void dial_again_after_pause() { pause(short_pause()); }

  void stop() {
    stopped_ = true;
    ++attempt_;
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
    drop_connection();
  }

 private:
  std::string open_socket() {
    boost::system::error_code error;
    socket_.open(remote_.protocol(), error);
    if (error) return "no socket for the " + options_.description + ": " + error.message();
    prepare_socket(socket_);
    if (options_.local_address.empty()) return {};
    const int enabled = 1;
    ::setsockopt(socket_.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &enabled, sizeof enabled);
    socket_.bind({boost::asio::ip::make_address(options_.local_address), 0}, error);
    if (error) {
      return "cannot call the " + options_.description + " from " + options_.local_address + ": " + error.message() +
             ": give this server that address, or correct it in cluster.toml";
    }
    return {};
  }

  void limit_attempt(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), attempt = attempt_](const boost::system::error_code& error) {
      if (error || self->stopped_ || attempt != self->attempt_) return;
      self->failed("no answer");
    });
  }

  void on_connect(const boost::system::error_code& error) {
    if (error) {
      failed(error.message());
      return;
    }
    limit_attempt(handshake_time_max);
    connection_ = std::make_shared<FrameConnection>(std::move(socket_), pool_, hello_bytes_max, options_.tls,
                                                    tls::End::dialing, options_.hello.module);
    connection_->set_listener(this);
    theirs_.reset();
    connection_->send({{}, Buffer(encode(options_.hello))});
    connection_->flush();
    connection_->start();
  }

  void on_frame(FrameConnection& connection, Buffer frame) override {
    if (!theirs_) {
      theirs_ = decode_hello(frame);
      if (!theirs_) refused(remote_text_ + " answered, but not as Lockstep: check the port in the module's file");
      return;
    }
    const auto verdict = decode_verdict(frame);
    if (!verdict) {
      refused(remote_text_ + " answered with an unknown verdict");
      return;
    }
    if (!verdict->refusal.empty()) {
      refused("the " + options_.description + " at " + remote_text_ + " refused: " + verdict->refusal);
      return;
    }
    std::string objection =
        disagreement(options_.hello, *theirs_, connection.peer(), remote_text_, options_.expected_place);
    connection.send({{}, Buffer(encode(Verdict{objection}))});
    connection.flush();
    if (!connection_) return;  // ended while the verdict was written
    if (!objection.empty()) {
      refused(objection);
      return;
    }
    ++attempt_;
    timer_.cancel();
    warn_.forget();
    connection.set_listener(nullptr);
    established_(std::exchange(connection_, nullptr));
  }

  void on_closed(FrameConnection& connection, const std::string& reason) override {
    const bool by_tls = connection.refused();
    connection_ = nullptr;  // the connection itself lives until its present handler ends
    if (by_tls) {
      refused("the " + options_.description + " at " + remote_text_ + " " + reason);
    } else {
      failed(reason);
    }
  }

  void failed(const std::string& reason) {
    warn_(Severity::warning,
          "cannot reach the " + options_.description + " at " + remote_text_ + ": " + reason + "; trying on");
    give_up(short_pause());
  }

  void refused(const std::string& text) {
    warn_(Severity::error, text);
    give_up(pause_when_refused);
  }

  void give_up(std::chrono::milliseconds pause_time) {
    boost::system::error_code ignored;
    socket_.close(ignored);
    drop_connection();
    pause(pause_time);
  }

  void drop_connection() {
    if (connection_) std::exchange(connection_, nullptr)->close();
  }

  void pause(std::chrono::milliseconds time) {
    if (stopped_) return;
    ++attempt_;
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), attempt = attempt_](const boost::system::error_code& error) {
      if (error || self->stopped_ || attempt != self->attempt_) return;
      self->dial();
    });
  }

  std::chrono::milliseconds short_pause() {
    return std::chrono::milliseconds{std::uniform_int_distribution<int>(pause_ms_min, pause_ms_max)(random_)};
  }

  const DialerOptions options_;
  const std::shared_ptr<ReceivePool> pool_;
  RepeatFilter warn_;
  const Established established_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::minstd_rand random_;
  const tcp::endpoint remote_;
  const std::string remote_text_;

  std::shared_ptr<FrameConnection> connection_;  ///< during the handshake only
  std::optional<Hello> theirs_;
  std::uint64_t attempt_ = 0;  ///< handlers of an earlier attempt have nothing to say
  bool stopped_ = false;
};

Dialer::Dialer(EventLoop& loop, DialerOptions options, std::shared_ptr<ReceivePool> pool, Report report,
               Established established)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(pool), std::move(report),
                                   std::move(established))) {}

Dialer::~Dialer() { impl_->stop(); }

void Dialer::dial() { impl_->dial(); }

void Dialer::dial_again_after_pause() { impl_->dial_again_after_pause(); }

}  // namespace lockstep::io

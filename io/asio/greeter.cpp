#include "io/asio/greeter.h"

#include "io/asio/event_loop.h"
#include "io/asio/repeat_filter.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

using boost::asio::ip::tcp;

class Greeter::Impl : public std::enable_shared_from_this<Impl>, private FrameConnection::Listener {
 public:
  Impl(EventLoop& loop, std::shared_ptr<ReceivePool> pool, tls::Context tls, Report report, Judge judge)
      : pool_(std::move(pool)),
        tls_(std::move(tls)),
        warn_(std::move(report)),
        judge_(std::move(judge)),
        context_(loop.context()) {}

  void greet(tcp::socket socket) {
    if (greetings_.size() >= greetings_max) {
      warn_(Severity::warning, "too many callers at once: one was turned away");
      return;
    }
    auto connection =
        std::make_shared<FrameConnection>(std::move(socket), pool_, hello_bytes_max, tls_, tls::End::answering);
    auto timer = std::make_unique<boost::asio::steady_timer>(context_, greeting_time_max);
    timer->async_wait([self = shared_from_this(), weak = std::weak_ptr(connection)](const auto& cancelled) {
      const auto silent = weak.lock();
      if (cancelled || self->stopped_ || !silent) return;
      self->finish(*silent,
                   silent->remote_address() + (silent->secured() ? " connected and said nothing"
                                                                 : " connected and did not finish the TLS handshake"));
    });
    connection->set_listener(this);
    FrameConnection& started = *connection;
    greetings_.emplace(&started, Greeting{std::move(connection), std::move(timer), std::nullopt});
    started.start();
  }

  void stop() {
    stopped_ = true;
    for (auto& [key, greeting] : greetings_) greeting.connection->close();
    greetings_.clear();
  }

 private:
  struct Greeting {
    std::shared_ptr<FrameConnection> connection;
    std::unique_ptr<boost::asio::steady_timer> timer;
    std::optional<Answer> answer;  ///< given; the caller's verdict is awaited
  };

  void on_frame(FrameConnection& connection, Buffer frame) override {
    const auto found = greetings_.find(&connection);
    if (found == greetings_.end()) return;
    if (!found->second.answer) {
      on_hello(found->second, frame);
    } else {
      on_verdict(found->second, frame);
    }
  }

  void on_hello(Greeting& greeting, const Buffer& frame) {
    FrameConnection& connection = *greeting.connection;
    const auto theirs = decode_hello(frame);
    if (!theirs) {
      finish(connection, connection.remote_address() + " connected, but does not speak Lockstep's language");
      return;
    }
    greeting.answer = judge_(*theirs, connection.peer(), connection.remote_address());
    const std::string refusal = greeting.answer->refusal;
    connection.send({{}, Buffer(encode(greeting.answer->mine))});
    connection.send({{}, Buffer(encode(Verdict{refusal}))});
    connection.flush();
    if (!refusal.empty()) finish(connection, refusal);
  }

  void on_verdict(Greeting& greeting, const Buffer& frame) {
    FrameConnection& connection = *greeting.connection;
    const auto verdict = decode_verdict(frame);
    if (!verdict || !verdict->refusal.empty()) {
      finish(connection, connection.remote_address() + " refused: " + (verdict ? verdict->refusal : "unknown verdict"));
      return;
    }
    warn_.forget();
    auto established = std::move(greeting.answer->established);
    auto agreed = greeting.connection;
    connection.set_listener(nullptr);
    greetings_.erase(&connection);
    established(std::move(agreed));
  }

  void on_closed(FrameConnection& connection, const std::string& reason) override {
    // Who merely connects and goes is looking whether the port is open.
    if (connection.refused()) warn_(Severity::warning, connection.remote_address() + " called, but " + reason);
    greetings_.erase(&connection);
  }

  void finish(FrameConnection& connection, const std::string& reason) {
    warn_(Severity::warning, reason);
    connection.close();
    greetings_.erase(&connection);
  }

  const std::shared_ptr<ReceivePool> pool_;
  const tls::Context tls_;
  RepeatFilter warn_;
  const Judge judge_;
  boost::asio::io_context& context_;
  std::unordered_map<FrameConnection*, Greeting> greetings_;
  bool stopped_ = false;
};

Greeter::Greeter(EventLoop& loop, std::shared_ptr<ReceivePool> pool, tls::Context tls, Report report, Judge judge)
    : impl_(std::make_shared<Impl>(loop, std::move(pool), std::move(tls), std::move(report), std::move(judge))) {}

Greeter::~Greeter() { impl_->stop(); }

void Greeter::greet(tcp::socket socket) { impl_->greet(std::move(socket)); }

}  // namespace lockstep::io

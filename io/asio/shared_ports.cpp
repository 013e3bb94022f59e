#include "io/asio/shared_ports.h"

#include "engine/values/check.h"
#include "io/asio/acceptor.h"
#include "io/asio/greeter.h"
#include "io/asio/repeat_filter.h"
#include "io/tls/called_name.h"

#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <unordered_set>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

/// A greeting that comes in pieces is looked at again after this long: what was looked at is not taken, so that the
/// socket cannot say when there is more.
constexpr std::chrono::milliseconds look_again_after{20};

/// Somebody who has called and not said yet for whom.
struct Caller {
  Caller(tcp::socket accepted, std::uint16_t called_port)
      : socket(std::move(accepted)), port(called_port), limit(socket.get_executor()), pause(socket.get_executor()) {}

  tcp::socket socket;
  const std::uint16_t port;
  boost::asio::steady_timer limit;
  boost::asio::steady_timer pause;
};

}  // namespace

CallerSocket::~CallerSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

tcp::socket CallerSocket::release(boost::asio::io_context& context) {
  return {context, protocol_, std::exchange(descriptor_, -1)};
}

class SharedPorts::Impl {
 public:
  explicit Impl(Report report)
      : report_(std::move(report)),
        warn_(report_),
        work_(boost::asio::make_work_guard(context_)),
        thread_([this] { context_.run(); }) {}

  ~Impl() {
    context_.stop();
    thread_.join();
  }

  /// The port in use, or why there is none.
  std::pair<std::uint16_t, std::string> add(const std::string& address, std::uint16_t port, const std::string& name,
                                            Take take) {
    const std::scoped_lock lock(mutex_);
    const auto known = ports_.find(port);
    if (known != ports_.end()) {
      LOCKSTEP_CHECK(known->second.takers.emplace(name, std::move(take)).second, "a name is called at a port once");
      return {port, {}};
    }
    Port fresh;
    const auto number = std::make_shared<std::uint16_t>(port);
    fresh.acceptor = std::make_unique<Acceptor>(
        context_, report_, [this, number](tcp::socket socket) { hear(std::move(socket), *number); });
    if (std::string error = fresh.acceptor->listen(address, port); !error.empty()) return {0, std::move(error)};
    *number = fresh.acceptor->port();
    fresh.takers.emplace(name, std::move(take));
    ports_.emplace(*number, std::move(fresh));
    return {*number, {}};
  }

  void remove(std::uint16_t port, const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = ports_.find(port);
    found->second.takers.erase(name);
    if (!found->second.takers.empty()) return;
    boost::asio::post(context_, [acceptor = std::shared_ptr<Acceptor>(std::move(found->second.acceptor))] {});
    ports_.erase(found);
  }

 private:
  struct Port {
    std::unique_ptr<Acceptor> acceptor;
    std::map<std::string, Take> takers;
  };

  void hear(tcp::socket socket, std::uint16_t port) {
    if (callers_.size() >= callers_max) {
      warn_(Severity::warning, "too many callers at once: one was turned away");
      return;
    }
    const auto caller = std::make_shared<Caller>(std::move(socket), port);
    callers_.insert(caller);
    caller->limit.expires_after(greeting_time_max);
    caller->limit.async_wait([this, weak = std::weak_ptr(caller)](const boost::system::error_code& cancelled) {
      const auto silent = weak.lock();
      if (cancelled || !silent || !callers_.contains(silent)) return;
      boost::system::error_code ignored;
      warn_(Severity::warning, silent->socket.remote_endpoint(ignored).address().to_string() +
                                   " connected and did not finish the TLS handshake");
      drop(silent);
    });
    wait(caller);
  }

  void wait(const std::shared_ptr<Caller>& caller) {
    caller->socket.async_wait(tcp::socket::wait_read, [this, caller](const boost::system::error_code& error) {
      if (!error) look(caller);
    });
  }

  void look(const std::shared_ptr<Caller>& caller) {
    if (!callers_.contains(caller)) return;
    std::array<std::byte, tls::greeting_bytes_max> bytes;
    const ssize_t count = ::recv(caller->socket.native_handle(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return wait(caller);
    // Who merely connects and goes is looking whether the port is open.
    if (count <= 0) return drop(caller);
    const tls::CalledName called = tls::called_name(std::span(bytes).first(static_cast<std::size_t>(count)));
    if (!called.incomplete) return hand_on(caller, called.name);
    caller->pause.expires_after(look_again_after);
    caller->pause.async_wait([this, caller](const boost::system::error_code& cancelled) {
      if (!cancelled) look(caller);
    });
  }

  void hand_on(const std::shared_ptr<Caller>& caller, const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto port = ports_.find(caller->port);
    if (port == ports_.end()) return drop(caller);
    boost::system::error_code error;
    const tcp protocol = caller->socket.local_endpoint(error).protocol();
    const int descriptor = caller->socket.release(error);
    drop(caller);
    if (error) return;
    const auto& takers = port->second.takers;
    const auto called = takers.find(name);
    (called == takers.end() ? takers.begin() : called)->second(std::make_shared<CallerSocket>(descriptor, protocol));
  }

  void drop(const std::shared_ptr<Caller>& caller) {
    boost::system::error_code ignored;
    caller->limit.cancel();
    caller->pause.cancel();
    caller->socket.close(ignored);
    callers_.erase(caller);
  }

  const Report report_;
  RepeatFilter warn_;
  std::mutex mutex_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<std::uint16_t, Port> ports_;
  std::unordered_set<std::shared_ptr<Caller>> callers_;  ///< on the thread
  std::thread thread_;
};

SharedPorts::SharedPorts(Report report) : impl_(std::make_unique<Impl>(std::move(report))) {}

SharedPorts::~SharedPorts() = default;

SharedPorts::Claim::~Claim() { ports_.impl_->remove(port_, name_); }

SharedPorts::Claimed SharedPorts::claim(const std::string& address, std::uint16_t port, const std::string& name,
                                        Take take) {
  auto [claimed, error] = impl_->add(address, port, name, std::move(take));
  if (!error.empty()) return {nullptr, std::move(error)};
  return {std::unique_ptr<Claim>(new Claim(*this, claimed, name)), {}};
}

}  // namespace lockstep::io

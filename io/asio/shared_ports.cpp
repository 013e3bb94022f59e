#include "io/asio/shared_ports.h"

#include "engine/values/check.h"
#include "io/asio/acceptor.h"
#include "io/asio/greeter.h"
#include "io/asio/repeat_filter.h"
#include "io/tls/server_name.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <list>
#include <map>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

/// A ClientHello that comes in pieces is looked at again after this long: what was looked at is not taken, so that the
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

std::optional<tcp::socket> CallerSocket::release(boost::asio::io_context& context) {
  tcp::socket socket(context);
  boost::system::error_code error;
  socket.assign(protocol_, descriptor_, error);
  if (error) return std::nullopt;
  descriptor_ = -1;
  return socket;
}

/// Everything but the constructor and the destructor runs on the thread.
class SharedPorts::Impl {
 public:
  explicit Impl(Report report)
      : report_(std::move(report)), warn_(report_), work_(boost::asio::make_work_guard(context_)), thread_([this] {
          try {
            context_.run();
          } catch (const std::exception& error) {
            check_failed("no exception reaches the thread of the ports", error.what(), __FILE__, __LINE__);
          }
        }) {}

  ~Impl() {
    context_.stop();
    thread_.join();
  }

  /// What `work` gives, on the thread.
  template <typename Work>
  auto on_thread(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return result.get();
  }

  /// The port in use, or why there is none.
  std::pair<std::uint16_t, std::string> add(const std::string& address, std::uint16_t port, const std::string& name,
                                            Handler handler) {
    const auto known = ports_.find(port);
    if (known != ports_.end()) {
      LOCKSTEP_CHECK(known->second.address == address, "a daemon is called at one address");
      Called& called = known->second.called[name];
      LOCKSTEP_CHECK(called.handler == nullptr, "a name is called at a port once");
      called.handler = std::move(handler);
      return {port, {}};
    }
    Port fresh{address, nullptr, false, {}};
    const auto number = std::make_shared<std::uint16_t>(port);
    fresh.acceptor = std::make_unique<Acceptor>(
        context_, report_, [this, number](tcp::socket socket) { hear(std::move(socket), *number); });
    if (std::string error = fresh.acceptor->bind(address, port); !error.empty()) return {0, std::move(error)};
    *number = fresh.acceptor->port();
    fresh.called[name].handler = std::move(handler);
    ports_.emplace(*number, std::move(fresh));
    return {*number, {}};
  }

  void remove(std::uint16_t port, const std::string& name) {
    const auto found = ports_.find(port);
    auto& called = found->second.called;
    called.at(name).handler = nullptr;
    const bool used = std::any_of(called.begin(), called.end(), [](const auto& entry) { return entry.second.handler; });
    if (!used) ports_.erase(found);
  }

  std::string listen() {
    for (auto& [number, port] : ports_) {
      if (port.listens) continue;
      if (std::string error = port.acceptor->listen(); !error.empty()) return error;
      port.listens = true;
    }
    return {};
  }

 private:
  struct Called {
    Handler handler;  ///< none: it was withdrawn
    std::list<std::weak_ptr<CallerSocket>> waiting;
  };
  struct Port {
    std::string address;
    std::unique_ptr<Acceptor> acceptor;
    bool listens = false;
    std::map<std::string, Called> called;  ///< by name
  };

  void hear(tcp::socket socket, std::uint16_t port) {
    // The oldest has had the most time to speak.
    if (callers_.size() >= callers_max) {
      warn_(Severity::warning, "too many callers at once: one was turned away");
      const std::shared_ptr<Caller> oldest = callers_.front();
      drop(oldest);
    }
    const auto caller = std::make_shared<Caller>(std::move(socket), port);
    callers_.push_back(caller);
    caller->limit.expires_after(greeting_time_max);
    caller->limit.async_wait([this, weak = std::weak_ptr(caller)](const boost::system::error_code& cancelled) {
      const auto silent = weak.lock();
      if (cancelled || !silent || !silent->socket.is_open()) return;
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
    if (!caller->socket.is_open()) return;
    std::array<std::byte, tls::client_hello_bytes_max> bytes;
    const ssize_t count = ::recv(caller->socket.native_handle(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return wait(caller);
    // Who merely connects and goes is looking whether the port is open.
    if (count <= 0) return drop(caller);
    const tls::ServerName wanted = tls::server_name(std::span(bytes).first(static_cast<std::size_t>(count)));
    if (!wanted.incomplete) return hand_on(caller, wanted.name);
    caller->pause.expires_after(look_again_after);
    caller->pause.async_wait([this, caller](const boost::system::error_code& cancelled) {
      if (!cancelled) look(caller);
    });
  }

  void hand_on(const std::shared_ptr<Caller>& caller, const std::string& name) {
    Called* called = find_called(caller->port, name);
    if (called == nullptr) return drop(caller);
    std::erase_if(called->waiting, [](const auto& waiting) { return waiting.expired(); });
    if (called->waiting.size() >= callers_waiting_max) {
      warn_(Severity::warning, "too many callers at once: one was turned away");
      return drop(caller);
    }
    boost::system::error_code error;
    const tcp protocol = caller->socket.local_endpoint(error).protocol();
    if (error) return drop(caller);
    const int descriptor = caller->socket.release(error);
    drop(caller);
    if (error) return;
    const auto socket = std::make_shared<CallerSocket>(descriptor, protocol);
    called->waiting.push_back(socket);
    called->handler(socket);
  }

  /// Who is called by that name, or by none of those that are called there; null if there is nobody at the moment.
  Called* find_called(std::uint16_t number, const std::string& name) {
    const auto port = ports_.find(number);
    if (port == ports_.end()) return nullptr;
    auto& called = port->second.called;
    auto found = called.find(name);
    if (found == called.end()) {
      found = std::find_if(called.begin(), called.end(), [](const auto& entry) { return entry.second.handler; });
    }
    return found == called.end() || !found->second.handler ? nullptr : &found->second;
  }

  void drop(const std::shared_ptr<Caller>& caller) {
    boost::system::error_code ignored;
    caller->limit.cancel();
    caller->pause.cancel();
    caller->socket.close(ignored);
    callers_.remove(caller);
  }

  const Report report_;
  RepeatFilter warn_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<std::uint16_t, Port> ports_;
  std::list<std::shared_ptr<Caller>> callers_;  ///< the oldest in front
  std::thread thread_;
};

SharedPorts::SharedPorts(Report report) : impl_(std::make_unique<Impl>(std::move(report))) {}

SharedPorts::~SharedPorts() = default;

SharedPorts::Claim::~Claim() {
  ports_.impl_->on_thread([this] { ports_.impl_->remove(port_, name_); });
}

SharedPorts::Claimed SharedPorts::claim(const std::string& address, std::uint16_t port, const std::string& name,
                                        Handler handler) {
  auto [claimed, error] = impl_->on_thread([&] { return impl_->add(address, port, name, std::move(handler)); });
  if (!error.empty()) return {nullptr, std::move(error)};
  return {std::unique_ptr<Claim>(new Claim(*this, claimed, name)), {}};
}

std::string SharedPorts::listen() {
  return impl_->on_thread([this] { return impl_->listen(); });
}

}  // namespace lockstep::io

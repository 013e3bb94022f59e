#include "io/etcd/etcd_record.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/repeat_filter.h"
#include "io/etcd/etcd_connection.h"
#include "io/etcd/etcd_messages.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

namespace {

constexpr const char* not_etcd = "its answer is none of etcd's: check that there is an etcd 3.4 or later";

std::string status_text(unsigned status, const std::string& body) {
  const std::string words = etcd::refusal_in(body);
  return "it refuses with status " + std::to_string(status) + (words.empty() ? "" : ": " + words);
}

}  // namespace

class EtcdRecord::Impl : public std::enable_shared_from_this<Impl>, private EtcdConnection::Listener {
 public:
  Impl(EventLoop& loop, EtcdOptions options, Tell tell, Report report)
      : loop_(loop),
        options_(std::move(options)),
        tell_(std::move(tell)),
        timer_(loop.context()),
        warn_(options_.servers.size(), RepeatFilter(std::move(report))) {
    LOCKSTEP_CHECK(!options_.servers.empty() && !options_.key.empty() && options_.answer_max > Duration{},
                   "who uses a store knows where it is, and how long to wait for it");
  }

  void connect() {
    if (stopped_) return;
    EtcdConnection::Listener& listener = *this;
    connection_.emplace(loop_.context(), options_, server(), attempts_ / options_.servers.size(), listener);
    connection_->start();
  }

  void read() {
    if (may_call()) ask(Call::read, etcd::range_target, etcd::range_request(options_.key));
  }

  void replace(Revision expected, const Buffer& record) {
    LOCKSTEP_CHECK(!record.empty() && record.size() <= etcd::record_bytes_max, "a record is neither empty nor large");
    if (may_call()) {
      ask(Call::replace, etcd::txn_target, etcd::replace_request(options_.key, expected, record));
    }
  }

  void reset() {
    LOCKSTEP_CHECK(loop_.on_loop_thread(), "a store is used on the loop's thread");
    if (!up_ || !connection_) return;
    connection_.reset();
    boost::asio::post(loop_.context(), [self = shared_from_this()] {
      if (!self->stopped_) self->go_down();
    });
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    connection_.reset();
  }

 private:
  enum class Call : std::uint8_t { none, first_read, read, replace };

  /// Those of other attempts have their turn at the others.
  [[nodiscard]] const EtcdServer& server() const { return options_.servers[attempts_ % options_.servers.size()]; }

  bool may_call() {
    LOCKSTEP_CHECK(loop_.on_loop_thread(), "a store is used on the loop's thread");
    if (!up_ || !connection_) return false;
    LOCKSTEP_CHECK(call_ == Call::none, "a store is asked one thing at a time");
    return true;
  }

  void ask(Call call, const char* target, std::string question) {
    call_ = call;
    connection_->ask(target, std::move(question));
  }

  void on_ready() override { ask(Call::first_read, etcd::range_target, etcd::range_request(options_.key)); }

  void on_answer(unsigned status, std::string body) override {
    const auto self = shared_from_this();  // whoever is told may let go of this
    if (status != 200) return on_closed(status_text(status, body));
    const Call call = std::exchange(call_, Call::none);
    auto event = decode(call, body);
    if (!event) return on_closed(not_etcd);
    up_ = true;
    // A store can answer reads and refuse every replacement: only then is what was wrong with it surely over.
    if (call == Call::replace) filter().forget();
    tell_(std::move(*event));
  }

  [[nodiscard]] std::optional<SharedRecordEvent> decode(Call call, const std::string& body) const {
    if (call == Call::replace) {
      auto answer = etcd::decode_replace_answer(body, options_.key);
      if (!answer) return std::nullopt;
      return std::visit([](auto& decided) { return SharedRecordEvent(std::move(decided)); }, *answer);
    }
    auto newest = etcd::decode_range_answer(body, options_.key);
    if (!newest) return std::nullopt;
    if (call == Call::first_read) return StoreUp{};
    return std::move(*newest);
  }

  void on_closed(const std::string& reason) override {
    const auto self = shared_from_this();  // whoever is told may let go of this
    filter()(Severity::warning, (up_ ? "lost the store at " : "cannot use the store at ") + to_string(server()) + ": " +
                                    reason + "; trying on");
    go_down();
  }

  void go_down() {
    connection_.reset();
    call_ = Call::none;
    ++attempts_;
    pause();
    if (std::exchange(up_, false)) tell_(StoreDown{});
  }

  void pause() {
    timer_.expires_after(std::chrono::nanoseconds(options_.pause.ns));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->connect();
    });
  }

  /// One for each server: what is wrong with one does not become news by what is wrong with the next.
  RepeatFilter& filter() { return warn_[attempts_ % warn_.size()]; }

  EventLoop& loop_;
  const EtcdOptions options_;
  const Tell tell_;
  boost::asio::steady_timer timer_;
  std::vector<RepeatFilter> warn_;

  std::optional<EtcdConnection> connection_;  ///< none during a pause
  Call call_ = Call::none;
  bool up_ = false;  ///< StoreUp was told, StoreDown not yet
  std::size_t attempts_ = 0;
  bool stopped_ = false;
};

EtcdRecord::EtcdRecord(EventLoop& loop, EtcdOptions options, Tell tell, Report report)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(tell), std::move(report))) {}

EtcdRecord::~EtcdRecord() { impl_->stop(); }

void EtcdRecord::start() { impl_->connect(); }

void EtcdRecord::read() { impl_->read(); }

void EtcdRecord::replace(Revision expected, Buffer record) { impl_->replace(expected, record); }

void EtcdRecord::reset() { impl_->reset(); }

}  // namespace lockstep::io

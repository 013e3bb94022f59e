#include "io/asio/asio_timers.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sys/timerfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace lockstep::io {

namespace {
constexpr Instant never{std::numeric_limits<std::int64_t>::max()};
}

class AsioTimers::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, EventQueue& queue) : queue_(queue), descriptor_(loop.context()) {
    const int fd = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    LOCKSTEP_CHECK(fd >= 0, "the kernel has a timer left for this process");
    descriptor_.assign(fd);
    deadlines_.fill(never);
  }

  void arm(TimerId timer, Instant deadline) {
    const auto index = static_cast<std::size_t>(timer);
    ++generations_[index];
    deadlines_[index] = deadline;
    // A timer that moves back leaves the descriptor as it is: it wakes up early once and looks again. That saves
    // a system call for each of the acknowledgement timer's many moves.
    if (deadline < programmed_) program(deadline);
  }

  void cancel(TimerId timer) {
    const auto index = static_cast<std::size_t>(timer);
    ++generations_[index];
    deadlines_[index] = never;
  }

  void wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (error || self->closed_) return;
                             self->expire();
                             self->wait();
                           });
  }

  /// Before the queue goes: a handler that is still on its way finds nothing to do.
  void close() {
    closed_ = true;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  void program(Instant deadline) {
    programmed_ = deadline;
    itimerspec spec{};
    const std::int64_t ns = std::max<std::int64_t>(deadline.ns, 1);  // 0 would disarm it
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
    const int result = ::timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME, &spec, nullptr);
    LOCKSTEP_CHECK(result == 0, "a timer descriptor takes any deadline");
  }

  void expire() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(descriptor_.native_handle(), &expirations, sizeof expirations);
    programmed_ = never;
    const Instant now = EventLoop::now();
    Instant earliest = never;
    for (std::size_t index = 0; index < deadlines_.size(); ++index) {
      if (deadlines_[index] <= now) {
        deadlines_[index] = never;
        queue_.post_while_unchanged(TimerFired{static_cast<TimerId>(index)}, generations_[index]);
      }
      earliest = std::min(earliest, deadlines_[index]);
    }
    if (earliest != never) program(earliest);
  }

  static constexpr std::size_t count = static_cast<std::size_t>(TimerId::count);
  EventQueue& queue_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::array<Instant, count> deadlines_{};
  /// Rises with every arm and cancel, which is what takes an expiry back that is not delivered yet.
  std::array<std::uint64_t, count> generations_{};
  Instant programmed_ = never;
  bool closed_ = false;
};

AsioTimers::AsioTimers(EventLoop& loop, EventQueue& queue) : impl_(std::make_shared<Impl>(loop, queue)) {
  impl_->wait();
}

AsioTimers::~AsioTimers() { impl_->close(); }

void AsioTimers::arm(TimerId timer, Instant deadline) { impl_->arm(timer, deadline); }

void AsioTimers::cancel(TimerId timer) { impl_->cancel(timer); }

}  // namespace lockstep::io

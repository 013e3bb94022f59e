// Event loop, event queue and timers on the real clock.
#include "io/asio/asio_timers.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

class LoopTest : public testing::Test {
 protected:
  /// Runs until `enough` returns true after a step, or two seconds have passed.
  void run(std::function<bool()> enough) {
    queue_.connect(
        [this, enough](Instant now, Event event) {
          EXPECT_GE(now, last_);
          last_ = now;
          events_.push_back(std::move(event));
          if (on_event_) on_event_();
          if (enough()) loop_.stop();
        },
        [this] { ++flushes_; });
    std::thread watchdog([this] {
      for (int i = 0; i < 200 && !done_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      loop_.stop();
    });
    loop_.run();
    done_ = true;
    watchdog.join();
  }
  std::vector<TimerId> fired() const {
    std::vector<TimerId> timers;
    for (const Event& event : events_) {
      if (const auto* timer = std::get_if<TimerFired>(&event)) timers.push_back(timer->timer);
    }
    return timers;
  }

  EventLoop loop_;
  EventQueue queue_{loop_};
  AsioTimers timers_{loop_, queue_};
  std::vector<Event> events_;
  std::function<void()> on_event_;
  Instant last_{};
  int flushes_ = 0;
  std::atomic<bool> done_{false};
};

TEST(SpinGaugeTest, stops_looking_where_that_is_in_vain_and_tries_again_now_and_then) {
  SpinGauge gauge;
  EXPECT_TRUE(gauge.worth_while());
  for (int i = 0; i < 100; ++i) gauge.count(false);
  int trials = 0;
  for (int i = 0; i < 640; ++i) trials += gauge.worth_while() ? 1 : 0;
  EXPECT_EQ(trials, 10);
  for (int i = 0; i < 100; ++i) gauge.count(true);
  EXPECT_TRUE(gauge.worth_while());
  gauge.count(false);
  EXPECT_TRUE(gauge.worth_while()) << "one disappointment is none";
}

TEST_F(LoopTest, events_are_delivered_in_order_and_flushed_once_per_burst) {
  for (std::uint64_t i = 1; i <= 100; ++i) queue_.post(JournalStored{Ticket{i}});
  run([this] { return events_.size() == 100; });
  ASSERT_EQ(events_.size(), 100U);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(std::get<JournalStored>(events_[i]).ticket.value, i + 1);
  EXPECT_EQ(flushes_, 1);
}

TEST_F(LoopTest, steps_that_never_end_leave_the_loop_its_turn) {
  // Each step is answered at once, as by a volume whose calls do not wait.
  on_event_ = [this] { queue_.post(JournalStored{Ticket{events_.size()}}); };
  queue_.post(JournalStored{Ticket{0}});
  bool ran = false;
  loop_.post_from_any_thread([&] { ran = true; });
  run([&] { return ran; });
  EXPECT_TRUE(ran);
}

TEST_F(LoopTest, work_of_other_threads_runs_on_the_loop) {
  std::thread other([this] {
    loop_.post_from_any_thread([this] {
      EXPECT_TRUE(loop_.on_loop_thread());
      queue_.post(JournalStored{Ticket{7}});
    });
  });
  run([this] { return !events_.empty(); });
  other.join();
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(LoopTest, timers_fire_in_the_order_of_their_deadlines_and_not_early) {
  const Instant start = EventLoop::now();
  timers_.arm(TimerId::resync, start + milliseconds(60));
  timers_.arm(TimerId::heartbeat, start + milliseconds(20));
  run([this] { return events_.size() == 2; });
  EXPECT_EQ(fired(), (std::vector<TimerId>{TimerId::heartbeat, TimerId::resync}));
  EXPECT_GE(last_, start + milliseconds(60));
}

TEST_F(LoopTest, a_deadline_in_the_past_fires_at_once) {
  timers_.arm(TimerId::heartbeat, Instant{0});
  run([this] { return !events_.empty(); });
  EXPECT_EQ(fired(), std::vector<TimerId>{TimerId::heartbeat});
}

TEST_F(LoopTest, a_timer_cancelled_after_expiry_but_before_delivery_is_not_delivered) {
  const Instant past = EventLoop::now();
  timers_.arm(TimerId::heartbeat, past);
  timers_.arm(TimerId::resync, past);
  timers_.arm(TimerId::checkpoint, past + milliseconds(80));
  // Both have expired and are queued when the first is delivered; that one takes the second back.
  on_event_ = [this] {
    if (events_.size() == 1) timers_.cancel(TimerId::resync);
  };
  run([this] { return fired().size() >= 2; });
  EXPECT_EQ(fired(), (std::vector<TimerId>{TimerId::heartbeat, TimerId::checkpoint}));
}

TEST_F(LoopTest, rearming_before_delivery_moves_the_timer) {
  const Instant start = EventLoop::now();
  timers_.arm(TimerId::heartbeat, start);
  timers_.arm(TimerId::resync, start);
  on_event_ = [this, start] {
    if (events_.size() == 1) timers_.arm(TimerId::resync, start + milliseconds(50));
  };
  run([this] { return fired().size() == 2; });
  EXPECT_EQ(fired(), (std::vector<TimerId>{TimerId::heartbeat, TimerId::resync}));
  EXPECT_GE(last_, start + milliseconds(50));
}

TEST_F(LoopTest, an_exception_in_a_step_ends_the_process) {
  queue_.post(JournalStored{Ticket{1}});
  on_event_ = [] { throw std::runtime_error("boom"); };
  EXPECT_DEATH(run([] { return false; }), "");
}

}  // namespace
}  // namespace lockstep::io

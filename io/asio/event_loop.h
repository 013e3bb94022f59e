// The one thread in which a module lives: waits for descriptors, timers and work from other threads, and after
// each handler lets the event queues take their engine's steps.
#pragma once

#include "engine/values/time.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace lockstep::io {

class EventQueue;

/// Handlers that are ready at once are run in one burst, so that what they cause leaves in one write. A burst is
/// bounded, because what is already decided must not wait for ever.
inline constexpr int burst_handlers_max = 8;

/// Whether it is worth while to look for some time before sleeping. Where what comes next takes longer than that,
/// looking only takes the processor from others, and costs more than it saves: both ends of a link that look and fall
/// asleep just before the other's answer wake each other up across processors each time.
class SpinGauge {
 public:
  [[nodiscard]] bool worth_while();
  /// Whether looking has found something in time.
  void count(bool found);

 private:
  int balance_ = 0;  ///< of late: how often it did, less how often it did not
  unsigned waits_ = 0;
};

/// An exception that reaches the loop is a broken assumption and stops the process.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// For implementations of ports that wait for a descriptor: handlers run on the loop's thread.
  [[nodiscard]] boost::asio::io_context& context();

  /// The only entrance for other threads. `work` runs on the loop's thread, in the order of the calls; it is
  /// dropped if the loop stops before.
  void post_from_any_thread(std::function<void()> work);

  /// CLOCK_BOOTTIME, because it goes on counting while the machine is suspended: a node that wakes up must see
  /// that its lease has run out, and CLOCK_MONOTONIC would hide the time that it slept (I15).
  [[nodiscard]] static Instant now();

  /// While traffic flows, and as long as something often comes in that time (SpinGauge), look again for this long
  /// before sleeping: a wake-up costs more than a small write does. 0 (the default) sleeps at once.
  void set_spin(Duration spin) { spin_ = spin; }

  /// Runs on the calling thread until stop().
  void run();
  /// From any thread; the handler that is running ends first.
  void stop();

  /// True on the thread that is in run(), and anywhere while none is.
  [[nodiscard]] bool on_loop_thread() const;

 private:
  friend class EventQueue;
  void attach(EventQueue* queue);
  void detach(EventQueue* queue);
  bool step_queues();
  void flush_queues();
  bool wait_for_handler();
  bool spin();

  std::unique_ptr<boost::asio::io_context> context_;
  std::vector<EventQueue*> queues_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stopping_{false};
  Duration spin_{};
  Instant last_traffic_{};
  SpinGauge gauge_;
};

}  // namespace lockstep::io

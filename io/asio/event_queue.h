// The events of one engine, first in, first out: where ports leave them and the engine takes them one by one.
#pragma once

#include "engine/values/queue.h"
#include "engine/values/time.h"
#include "io/event_sink.h"

#include <cstdint>
#include <functional>

namespace lockstep::io {

class EventLoop;

/// Used on the loop's thread only (and before the loop runs). The loop outlives it.
class EventQueue final : public EventSink {
 public:
  using Step = std::function<void(Instant now, Event event)>;

  explicit EventQueue(EventLoop& loop);
  ~EventQueue() override;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// `step` takes one event; `flush` runs once after each burst, to send what the steps queued. Events posted before
  /// this call wait for it.
  void connect(Step step, std::function<void()> flush);
  /// No step is taken any more; what is queued is dropped.
  void disconnect();

  void post(Event event) override;

  /// Delivers the event only if `generation` still has its present value when its turn comes: for ports whose
  /// contract lets a later call take an event back. `generation` outlives the queue's use of it.
  void post_while_unchanged(Event event, const std::uint64_t& generation);

  /// Takes steps until the queue is empty, or for as long as a turn may be: steps whose calls are answered at once
  /// would otherwise keep the loop from timers and connections. False if it was empty already. Called by the loop.
  bool drain();
  [[nodiscard]] bool waiting() const { return step_ != nullptr && !entries_.empty(); }
  void flush();

 private:
  struct Entry {
    Event event;
    const std::uint64_t* generation = nullptr;
    std::uint64_t expected = 0;
  };

  EventLoop& loop_;
  Step step_;
  std::function<void()> flush_;
  Queue<Entry> entries_;
  bool draining_ = false;
};

}  // namespace lockstep::io

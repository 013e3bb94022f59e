// Keeps one fault that goes on from filling the log: the same text passes once in a while only.
#pragma once

#include "engine/values/time.h"
#include "io/asio/event_loop.h"
#include "io/report.h"

#include <string>
#include <utility>

namespace lockstep::io {

class RepeatFilter {
 public:
  explicit RepeatFilter(Report report) : report_(std::move(report)) {}

  void operator()(Severity severity, const std::string& text) {
    const Instant now = EventLoop::now();
    if (text == last_text_ && now - last_time_ < repeat_after) return;
    last_text_ = text;
    last_time_ = now;
    report_(severity, text);
  }
  /// The fault is over: if it comes back it is news.
  void forget() { last_text_.clear(); }

 private:
  static constexpr Duration repeat_after = milliseconds(30'000);

  Report report_;
  std::string last_text_;
  Instant last_time_{};
};

}  // namespace lockstep::io

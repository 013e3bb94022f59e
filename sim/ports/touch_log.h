// io::TouchLog: durable after a while, in order; a crash leaves what was confirmed, and of what was on its way the
// oldest so many calls. A power loss may leave it unreadable.
#pragma once

#include "io/touch_log.h"
#include "sim/host.h"
#include "sim/random.h"

#include <deque>
#include <functional>
#include <optional>

namespace lockstep::sim {

class SimTouchLog : public io::TouchLog {
 public:
  SimTouchLog(Host& host, Random random, std::function<void()> on_durable)
      : host_(host), random_(random), on_durable_(std::move(on_durable)) {}

  void append(Ticket ticket, Buffer records) override { begin(ticket, {false, std::move(records)}); }
  void replace(Ticket ticket, Buffer records) override { begin(ticket, {true, std::move(records)}); }

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  void process_ended(bool power_lost);

  /// The disk is exchanged for one that holds this; only while no process runs.
  void exchange(io::LoggedTouches touches) { durable_ = std::move(touches); }
  [[nodiscard]] const io::LoggedTouches& durable() const { return durable_; }
  [[nodiscard]] std::size_t on_its_way() const { return on_its_way_.size(); }
  /// At the next end of the process so many of the calls on their way land, instead of a number drawn.
  void decide_landing(std::size_t calls) { landing_ = calls; }
  /// A disk that confirms before it has written (planted).
  void confirm_early(bool early) { confirms_early_ = early; }

 private:
  struct Call {
    bool replaces;
    Buffer records;
  };

  void begin(Ticket ticket, Call call);
  void land();

  Host& host_;
  Random random_;
  std::function<void()> on_durable_;
  io::LoggedTouches durable_;
  std::deque<Call> on_its_way_;
  Time last_landing_ = 0;
  bool confirms_early_ = false;
  std::optional<std::size_t> landing_;
};

}  // namespace lockstep::sim

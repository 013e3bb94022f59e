// A probe of which each look is an object of its own, kept alive by what it waits for.
#pragma once

#include "io/asio/event_loop.h"
#include "io/linux/probe.h"

#include <memory>
#include <utility>

namespace lockstep::io {

/// `Look` is made from the loop's context, the check and whom to tell; begin() begins it, and after give_up() it tells
/// nobody and ends itself.
template <typename Look, typename Check>
class LookProbe final : public Probe {
 public:
  LookProbe(EventLoop& loop, Check check) : loop_(loop), check_(std::move(check)) {}
  ~LookProbe() override { give_up_now(); }

  void look(Found found) override {
    look_ = std::make_shared<Look>(loop_.context(), check_, std::move(found));
    look_->begin();
  }
  void give_up() override { give_up_now(); }

 private:
  void give_up_now() {
    if (look_) look_->give_up();
    look_.reset();
  }

  EventLoop& loop_;
  const Check check_;
  std::shared_ptr<Look> look_;
};

}  // namespace lockstep::io

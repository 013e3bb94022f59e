// io::Background: what is computed is there at once, and told after a while; now and then after long, as with a tree of
// millions of files.
#pragma once

#include "io/background.h"
#include "sim/host.h"

#include <utility>

namespace lockstep::sim {

class SimBackground : public io::Background {
 public:
  SimBackground(Host& host, Random random) : host_(host), random_(random) {}

  void run(Ticket ticket, std::function<void()> work) override {
    work();
    const Time length = random_.one_in(8) ? random_.between(0, long_max) : random_.between(0, short_max);
    host_.deliver(host_.now() + length, io::WorkDone{ticket});
  }

 private:
  static constexpr Time short_max = 2 * one_ms;
  static constexpr Time long_max = 3000 * one_ms;

  Host& host_;
  Random random_;
};

}  // namespace lockstep::sim

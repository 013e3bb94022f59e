// io::Link of one machine: its ends of two cables.
#pragma once

#include "io/link.h"
#include "sim/ports/cable.h"

#include <array>
#include <optional>

namespace lockstep::sim {

class SimLink : public io::Link {
 public:
  explicit SimLink(Machine& machine, Observer& observer) : machine_(machine), observer_(observer) {}

  void connect(io::Endpoint endpoint, Cable& cable, std::size_t side) {
    ends_[static_cast<std::size_t>(endpoint)] = {&cable, side};
  }

  void send(io::Endpoint to, io::Frame frame) override {
    const End& end = ends_[static_cast<std::size_t>(to)];
    if (!end.cable->up(end.side)) return;
    observer_.frame_sent(machine_.place(), to, frame);
    end.cable->send(end.side, std::move(frame));
  }

  void reset(io::Endpoint to) override {
    const End& end = ends_[static_cast<std::size_t>(to)];
    observer_.gave_up(machine_.place(), to);
    end.cable->reset(end.side);
  }

  void process_ended(bool power_lost) {
    for (const End& end : ends_) {
      if (end.cable != nullptr) end.cable->process_ended(end.side, power_lost);
    }
  }

 private:
  struct End {
    Cable* cable = nullptr;
    std::size_t side = 0;
  };

  Machine& machine_;
  Observer& observer_;
  std::array<End, 4> ends_{};
};

}  // namespace lockstep::sim

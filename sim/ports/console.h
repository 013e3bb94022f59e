// io::Console: what administrators are told. Every command is answered at most once.
#pragma once

#include "engine/values/check.h"
#include "io/console.h"
#include "sim/host.h"

#include <set>

namespace lockstep::sim {

class SimConsole : public io::Console {
 public:
  explicit SimConsole(Host& host) : host_(host) {}

  void give(io::Command command) {
    const io::CommandId id(++last_);
    unanswered_.insert(id);
    host_.deliver(host_.now(), io::CommandGiven{id, command});
  }

  void answer(io::CommandId command, bool /*accepted*/, std::string /*text*/) override {
    LOCKSTEP_CHECK(unanswered_.erase(command) == 1, "a command is answered once");
  }

  void process_ended() { unanswered_.clear(); }

 private:
  Host& host_;
  std::uint64_t last_ = 0;
  std::set<io::CommandId> unanswered_;
};

}  // namespace lockstep::sim

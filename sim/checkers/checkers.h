// Every checker, attached to a world. The first violation ends the run by an exception.
#pragma once

#include "sim/world/world.h"

#include <memory>
#include <vector>

namespace lockstep::sim {

class Checkers {
 public:
  explicit Checkers(World& world);
  ~Checkers();
  Checkers(const Checkers&) = delete;
  Checkers& operator=(const Checkers&) = delete;

 private:
  std::vector<std::unique_ptr<Observer>> all_;
};

}  // namespace lockstep::sim

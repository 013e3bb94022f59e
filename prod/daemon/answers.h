// Administrators' commands on their way into the engine, and its answers back.
#pragma once

#include "io/console.h"

#include <functional>
#include <string>
#include <unordered_map>

namespace lockstep::io {
class EventQueue;
}

namespace lockstep::prod {

/// Used on the loop's thread. The queue outlives it.
class Answers final : public io::Console {
 public:
  using Answered = std::function<void(bool accepted, std::string text)>;

  explicit Answers(io::EventQueue& queue);
  ~Answers() override;

  /// `answered` is called once, at the latest when this object goes.
  void ask(const io::Command& command, Answered answered);

  void answer(io::CommandId command, bool accepted, std::string text) override;

 private:
  io::EventQueue& queue_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Answered> waiting_;
};

}  // namespace lockstep::prod

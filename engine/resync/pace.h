// How fast a primary answers a returning node: what an administrator allows on the wire, and, while an application
// works, no more than a share of this node's time, so that requests wait for a piece of work now and then and not for
// all of them. Availability only: whatever it says, nothing becomes wrong.
#pragma once

#include "engine/context.h"

#include <cstdint>

namespace lockstep::engine {

class Pace {
 public:
  explicit Pace(Context& context) : context_(context) {}

  /// The application has asked for something.
  void application_works() { application_worked_ = context_.now; }

  /// Whether the next piece of work may begin, `under_way` others having begun and not ended. If it is to wait for a
  /// time, TimerId::pace tells when that has come.
  [[nodiscard]] bool admits(std::size_t under_way);
  /// A piece has ended that began at `begun` and sent so many bytes.
  void ended(Instant begun, std::uint64_t bytes);
  void abandon();

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.application_worked_, self.rests_until_, self.sent_until_);
  }

 private:
  [[nodiscard]] bool application_busy() const;

  Context& context_;
  Instant application_worked_;
  Instant rests_until_;
  Instant sent_until_;  ///< when what was sent has had its time at the permitted rate
};

}  // namespace lockstep::engine

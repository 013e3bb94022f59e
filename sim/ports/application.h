// io::Application: phases that take their time.
#pragma once

#include "io/application.h"
#include "sim/host.h"

namespace lockstep::sim {

class SimApplication : public io::Application {
 public:
  SimApplication(Host& host, Random random) : host_(host), random_(random) {}

  void run(Ticket ticket, io::Phase phase) override;

  /// Processes of the application or of its scripts exist (a killed daemon leaves them behind, cut off from the
  /// directory; they are counted as gone, since they cannot write).
  [[nodiscard]] bool alive() const { return alive_; }
  void process_ended();

 private:
  Host& host_;
  Random random_;
  std::uint64_t generation_ = 0;  ///< a kill makes the running phase's end void
  bool alive_ = false;
  bool running_ = false;
};

}  // namespace lockstep::sim

// io::Checks: looks at the simulated application and its server, honestly or not.
#pragma once

#include "engine/settings.h"
#include "io/checks.h"
#include "sim/host.h"
#include "sim/ports/application.h"

#include <array>
#include <functional>
#include <string_view>
#include <vector>

namespace lockstep::sim {

/// How the looks of a check go.
enum class CheckConduct : std::uint8_t {
  honest,
  hangs,      ///< never ends by itself
  says_well,  ///< whatever is the case
  says_ill,
  wavers,  ///< says the one or the other
  slow,    ///< honest, but takes up to `slow_look_max`
};

constexpr std::string_view to_string(CheckConduct conduct) {
  constexpr std::string_view names[] = {"honest", "hangs", "says_well", "says_ill", "wavers", "slow"};
  return names[static_cast<std::size_t>(conduct)];
}
constexpr auto values_of(CheckConduct) {
  return std::array{CheckConduct::honest,   CheckConduct::hangs,  CheckConduct::says_well,
                    CheckConduct::says_ill, CheckConduct::wavers, CheckConduct::slow};
}

/// A check that its server must pass sees what the server lacks. One that is called "process" sees whether the
/// application is there, all others whether it serves.
class SimChecks : public io::Checks {
 public:
  static constexpr Time slow_look_max = 2 * one_second;

  SimChecks(Host& host, Random random, const SimApplication& application, const engine::Settings& settings);

  void begin(std::size_t check) override;
  void run(Ticket ticket, std::size_t check) override;
  void end(std::size_t check) override;

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  void process_ended();
  /// The application's process has ended by itself: nearly always that is noticed at once.
  void process_died();

  // Faults.
  void set_conduct(std::size_t check, CheckConduct conduct);
  void set_lacking(bool lacking) { lacking_ = lacking; }
  void behave();

  /// `told` hears of every look as it begins.
  void on_look(std::function<void(std::size_t check, Ticket ticket)> told) { told_ = std::move(told); }

 private:
  enum class Sees : std::uint8_t { process, service, server };
  struct Each {
    Sees sees;
    CheckConduct conduct = CheckConduct::honest;
    bool wanted = false;
    std::uint64_t generation = 0;  ///< rises with every look, and when none is wanted any more
  };

  /// What an honest look finds: whether it passes, and whether it ends at all.
  struct Finding {
    bool passes;
    bool ends = true;
  };
  [[nodiscard]] Finding look(const Each& each);

  Host& host_;
  Random random_;
  Random conduct_random_;  ///< of its own, so that honest looks take the same time as ever
  const SimApplication& application_;
  std::vector<Each> checks_;
  bool lacking_ = false;
  std::function<void(std::size_t check, Ticket ticket)> told_;
};

}  // namespace lockstep::sim

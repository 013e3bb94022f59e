// io::Application: phases that take their time, or go wrong in the ways that scripts do.
#pragma once

#include "io/application.h"
#include "sim/host.h"

#include <array>
#include <functional>

namespace lockstep::sim {

/// How a phase goes.
enum class Conduct : std::uint8_t {
  well,
  hangs,  ///< never ends by itself
  fails,  ///< says so; what it has started or was to stop is alive
  lies,   ///< says that it succeeded, but a start leaves nothing alive, a stop leaves processes behind
  slow,   ///< takes up to `slow_phase_max`
};

constexpr std::string_view to_string(Conduct conduct) {
  constexpr std::string_view names[] = {"well", "hangs", "fails", "lies", "slow"};
  return names[static_cast<std::size_t>(conduct)];
}
constexpr auto values_of(Conduct) {
  return std::array{Conduct::well, Conduct::hangs, Conduct::fails, Conduct::lies, Conduct::slow};
}

class SimApplication : public io::Application {
 public:
  static constexpr Time slow_phase_max = 15 * one_second;
  static constexpr Time healthy_kill_max = 30 * one_ms;

  SimApplication(Host& host, Random random);

  void run(Ticket ticket, io::Phase phase) override;

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }

  // Faults.
  void set_conduct(io::Phase phase, Conduct conduct) { conduct_[static_cast<std::size_t>(phase)] = conduct; }
  /// Processes that are killed are gone after up to this long.
  void set_kill_max(Time longest) { kill_max_ = longest; }
  [[nodiscard]] Time kill_max() const { return kill_max_; }
  void behave();
  /// Its process ends by itself.
  void die();
  /// It is there and answers nobody, until it is started anew or recovers.
  void hang() { hung_ = alive_; }
  void recover() { hung_ = false; }
  /// While that is so, it dies soon after each start.
  void flap(bool flaps) { flaps_ = flaps; }

  /// `told` hears of every phase right before it begins.
  void on_run(std::function<void(io::Phase phase)> told) { told_ = std::move(told); }
  void on_death(std::function<void()> died) { died_ = std::move(died); }
  /// Processes of the application or of its scripts exist (a killed daemon leaves them behind, cut off from the
  /// directory; they are counted as gone, since they cannot write).
  [[nodiscard]] bool alive() const { return alive_; }
  /// It serves whoever asks.
  [[nodiscard]] bool well() const { return alive_ && !hung_; }
  /// A script has said that the application runs although it does not, or it has died by itself: only a check could
  /// know.
  [[nodiscard]] bool pretends() const { return pretends_; }
  /// A start has succeeded, and nothing was asked of it since.
  [[nodiscard]] bool started() const { return started_; }
  /// `kept`: it runs on.
  void process_ended(bool kept);

 private:
  void kill(Ticket ticket);
  void end(io::Phase phase, Conduct conduct);

  Host& host_;
  Random random_;
  Random conduct_random_;  ///< of its own, so that well-behaved phases take the same time as ever
  std::array<Conduct, 5> conduct_{};
  Time kill_max_;
  std::function<void(io::Phase phase)> told_;
  std::function<void()> died_;
  std::uint64_t generation_ = 0;  ///< a kill makes the running phase's end void
  bool alive_ = false;
  bool running_ = false;
  bool started_ = false;
  bool pretends_ = false;
  bool hung_ = false;
  bool flaps_ = false;
};

}  // namespace lockstep::sim

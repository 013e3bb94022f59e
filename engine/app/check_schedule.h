// When each check looks, what it has found, and which have failed. What follows is decided elsewhere (node_checks.cpp).
#pragma once

#include "engine/context.h"
#include "engine/status.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::engine {

class CheckSchedule {
 public:
  explicit CheckSchedule(Context& context) : context_(context), checks_(context.settings.checks.size()) {}

  /// Begins and ends the checks that are wanted now: the application's while it runs here, the server's as long as this
  /// node takes part. To be told after every step.
  void attend(bool application_runs, bool takes_part) {
    if (application_runs != application_runs_ || takes_part != takes_part_) change(application_runs, takes_part);
  }
  void ended(const io::CheckEnded& event);
  void prompted(const io::CheckPrompted& event);
  void timer_fired();

  /// One that has failed and from which nothing has followed yet.
  [[nodiscard]] std::optional<std::size_t> unattended() const;
  void attended(std::size_t check) { checks_[check].attended = true; }
  /// Why this server must not serve, as far as it knows: a check that is waited for.
  [[nodiscard]] std::optional<std::size_t> unfit() const;
  /// What the check has found last.
  [[nodiscard]] const std::string& text(std::size_t check) const { return checks_[check].text; }
  [[nodiscard]] std::vector<CheckStatus> status() const;

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.application_runs_, self.takes_part_);
    for (auto& each : self.checks_) {
      archive(each.wanted, each.under_way, each.began, each.due, each.grace_until, each.again, each.overdue,
              each.misses);
      archive.ranged(each.state, CheckState::failed);
      archive(each.attended);
      archive.spoken(each.text);
    }
  }

 private:
  struct Each {
    bool wanted = false;
    Ticket under_way;  ///< 0: none
    Instant began;     ///< the last look
    Instant due;       ///< the next look, or the end of the time that the one under way has
    Instant grace_until;
    bool again = false;    ///< once the look under way has ended
    bool overdue = false;  ///< its time is over, but an answer that is there already still counts
    std::uint32_t misses = 0;
    CheckState state = CheckState::unknown;
    bool attended = false;
    std::string text;
  };

  [[nodiscard]] const CheckSettings& settings(std::size_t check) const { return context_.settings.checks[check]; }
  void change(bool application_runs, bool takes_part);
  void begin(std::size_t check);
  void end(std::size_t check);
  void look(std::size_t check);
  void found(std::size_t check, bool passed, std::string text);
  void miss(std::size_t check);
  void arm();

  Context& context_;
  bool application_runs_ = false;
  bool takes_part_ = false;
  std::vector<Each> checks_;  ///< as Settings::checks
};

}  // namespace lockstep::engine

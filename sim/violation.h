// A broken invariant: ends the run of one seed.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace lockstep::sim {

class Violation : public std::exception {
 public:
  /// `invariant`: its ID as in DESIGN ("I3"), "CHECK" for an assertion without one, or "stuck".
  Violation(std::string invariant, std::string text);

  [[nodiscard]] const std::string& invariant() const { return invariant_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string invariant_;
  std::string text_;
};

/// The first violation since forget_violations(): code between here and the end of the run may take the exception
/// for another failure (a state machine wraps what its actions throw) and complain of that.
const Violation* first_violation();
void forget_violations();

/// Turns failed LOCKSTEP_CHECKs into violations of the invariant that their text names.
void install_check_handler();

}  // namespace lockstep::sim

// A broken invariant: ends the run of one seed.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace lockstep::sim {

class Violation : public std::exception {
 public:
  /// `invariant`: its ID as in DESIGN ("I3"), "CHECK" for an assertion without one, or "stuck".
  Violation(std::string invariant, std::string text) : invariant_(std::move(invariant)), text_(std::move(text)) {}

  [[nodiscard]] const std::string& invariant() const { return invariant_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string invariant_;
  std::string text_;
};

/// Turns failed LOCKSTEP_CHECKs into violations of the invariant that their text names.
void install_check_handler();

}  // namespace lockstep::sim

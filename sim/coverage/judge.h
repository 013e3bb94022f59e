// Whether coverage is complete: what was never reached without a reason, and which reasons do not hold any more.
#pragma once

#include "sim/coverage/coverage.h"
#include "sim/coverage/exemptions.h"

#include <map>
#include <string>
#include <vector>

namespace lockstep::sim {

/// Names of points that need not be reached, each with how rarely it is.
using Exemptions = std::map<std::string, Reach>;

/// Those of exemptions.h.
Exemptions exemptions();

struct CoverageVerdict {
  std::vector<CoveragePoint> missed;  ///< never reached, though nothing says that it cannot be
  std::vector<std::string> stale;     ///< exempted, yet reached, or no point at all
  std::size_t exempted = 0;           ///< rightly, and not reached
  [[nodiscard]] bool complete() const { return missed.empty() && stale.empty(); }
};

CoverageVerdict judge(const Coverage& coverage, const Exemptions& exemptions);

/// For people: what is missing, and the points that were reached least.
std::string coverage_text(const Coverage& coverage, const CoverageVerdict& verdict);
/// The same as a JSON object.
std::string coverage_json(const Coverage& coverage, const CoverageVerdict& verdict);

}  // namespace lockstep::sim

// A module's state in one line that can be understood at night.
#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// How much somebody is needed; the worse the greater.
enum class Verdict : std::uint8_t {
  good,         ///< does what it should, and either server may fail
  unprotected,  ///< serves, or will, but another failure would end that; or data are known to differ
  down,         ///< neither serves here nor stands by
};

struct Headline {
  Verdict verdict = Verdict::down;
  std::string text;  ///< "shop: PRIM, serving, protected"
};

/// `status` as the daemon gives it, or {"module", "error"}. Times are told as seen at `now_ms` (since 1970).
Headline headline_of(const boost::json::object& status, std::int64_t now_ms);

}  // namespace lockstep::prod

#include "prod/cli/headline.h"

#include "prod/cli/json_fields.h"
#include "prod/common/wall_time.h"

#include <algorithm>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

/// " since 12:31", or nothing if nobody knows.
std::string since(const json::object& status, const char* key, std::int64_t now_ms) {
  const auto time = parse_iso_time(text_of(status, key));
  return time ? " since " + local_time_short(*time, now_ms) : "";
}

/// "43 %"; nothing where there is nothing to do.
std::string share_done(std::uint64_t total, std::uint64_t left) {
  if (left == 0 || total == 0) return {};
  constexpr std::uint64_t percent = 100;
  return std::to_string(static_cast<std::uint64_t>(static_cast<double>(total - std::min(left, total)) /
                                                   static_cast<double>(total) * percent)) +
         " %";
}

std::string in_brackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

std::string why_unprotected(const json::object& status, std::int64_t now_ms) {
  const std::string peer = text_of(status, "peer");
  const json::object& resync = object_of(status, "peer_resync");
  const std::string done = share_done(number_of(resync, "bytes_total"), number_of(resync, "bytes_left"));
  if (!truth_of(status, "peer_connected")) return peer + " is away" + since(status, "unprotected_since", now_ms);
  if (!done.empty()) return peer + " is being brought up to date (" + done + ")";
  return peer + " is out of sync" + since(status, "unprotected_since", now_ms);
}

Headline serving(const json::object& status, std::int64_t now_ms) {
  if (!truth_of(status, "protected")) {
    return {Verdict::unprotected, "serving, NOT PROTECTED: " + why_unprotected(status, now_ms)};
  }
  const std::uint64_t mismatches = number_of(object_of(status, "verify"), "mismatches");
  if (mismatches == 0) return {Verdict::good, "serving, protected"};
  return {Verdict::unprotected,
          "serving, protected, but " + std::to_string(mismatches) + " DIFFERENCES between the servers are known"};
}

Headline second(const json::object& status) {
  if (truth_of(status, "ready"))
    return {Verdict::good, "standing by for " + text_of(status, "primary") + ", protected"};
  const json::object& resync = object_of(status, "resync");
  return {Verdict::unprotected,
          "NOT PROTECTED yet: being brought up to date" +
              in_brackets(share_done(number_of(resync, "bytes_total"), number_of(resync, "bytes_left")))};
}

Headline after_role(const json::object& status, std::int64_t now_ms) {
  const std::string role = text_of(status, "role");
  if (truth_of(status, "frozen")) {
    const std::string peer = text_of(status, "peer");
    return {Verdict::down, text_of(status, "third_vote") == "none"
                               ? "FROZEN: writes wait, " + peer + " does not answer"
                               : "FROZEN: writes wait, neither " + peer + " nor the witness answers"};
  }
  if (role == "SECOND") return second(status);
  if (role == "STOP") return {Verdict::down, "stopped here" + since(status, "role_since", now_ms)};
  if (role == "WAIT") return {Verdict::down, "NOT SERVING here" + since(status, "role_since", now_ms)};
  if (truth_of(status, "serves")) return serving(status, now_ms);
  const bool going_down = text_of(status, "state") == "Demoting";
  return {Verdict::down, going_down ? "NOT SERVING: the application is being stopped"
                                    : "NOT SERVING yet: the application is being started"};
}

}  // namespace

Headline headline_of(const json::object& status, std::int64_t now_ms) {
  const std::string module = text_of(status, "module");
  if (const std::string error = text_of(status, "error"); !error.empty()) {
    return {Verdict::down, module + ": NO ANSWER: " + error};
  }
  Headline headline = after_role(status, now_ms);
  headline.text = module + ": " + text_of(status, "role") + ", " + headline.text;
  return headline;
}

}  // namespace lockstep::prod

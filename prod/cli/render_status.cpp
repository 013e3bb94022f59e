#include "prod/cli/render_status.h"

#include "prod/cli/headline.h"
#include "prod/cli/json_fields.h"
#include "prod/cli/terminal.h"
#include "prod/common/quantity_text.h"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

std::string row(const std::string& label, const std::string& value) {
  constexpr std::size_t width = 12;
  if (value.empty()) return {};
  return "  " + label + std::string(label.size() < width ? width - label.size() : 1, ' ') + value + "\n";
}

std::string connected(bool yes) { return yes ? "connected" : "NOT connected"; }

std::string mismatch_text(const json::object& mismatch) {
  std::string line = text_of(mismatch, "kind") + "  " + text_of(mismatch, "path");
  if (const std::uint64_t length = number_of(mismatch, "length"); length != 0) {
    line += ", bytes " + std::to_string(number_of(mismatch, "offset")) + " to " +
            std::to_string(number_of(mismatch, "offset") + length - 1);
  }
  if (const std::uint64_t error = number_of(mismatch, "errno"); error != 0)
    line += " (errno " + std::to_string(error) + ")";
  return line;
}

/// What can be done about what was found.
std::string remedy(const std::string& mismatches) {
  if (mismatches.find("unreadable here") != std::string::npos) {
    return "this server's disk does not read all of it: \"swap\", then \"verify\" on the other server repairs it here";
  }
  return "\"verify --repair\" brings the other server's to this one's; if this one's are the wrong ones, \"swap\" "
         "first";
}

}  // namespace

std::string render_resync(const json::object& status) {
  constexpr std::uint64_t width = 30;
  const auto bar = [](std::uint64_t planned, std::uint64_t left) {
    const std::uint64_t total = std::max(planned, left);  // what is left is never nothing here
    const auto done = static_cast<double>(total - left) / static_cast<double>(total);
    const auto filled = static_cast<std::size_t>(done * static_cast<double>(width));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
           std::to_string(static_cast<int>(done * 100)) + " %, " + size_text(left) + " of " + size_text(total) +
           " left";
  };
  const json::value* own = status.if_contains("resync");
  if (own != nullptr && own->is_object() && number_of(own->as_object(), "bytes_left") > 0) {
    const json::object& resync = own->as_object();
    std::string result = bar(number_of(resync, "bytes_total"), number_of(resync, "bytes_left")) + ", " +
                         std::to_string(number_of(resync, "files_left")) + " files, " +
                         size_text(number_of(resync, "bytes_copied")) + " copied";
    if (const std::uint64_t rate = number_of(resync, "bytes_per_second"); rate > 0) {
      result += ", " + size_text(rate) + "/s, " + duration_text(number_of(resync, "seconds_left")) + " to go";
    }
    return result;
  }
  const json::value* peer = status.if_contains("peer_resync");
  if (peer != nullptr && peer->is_object() && number_of(peer->as_object(), "bytes_left") > 0) {
    return "of the other node: " +
           bar(number_of(peer->as_object(), "bytes_total"), number_of(peer->as_object(), "bytes_left"));
  }
  return {};
}

std::string render_verify(const json::object& verify) {
  const bool running = truth_of(verify, "running");
  const json::value* ended = verify.if_contains("last_ended_seconds_ago");
  const bool ever = ended != nullptr && !ended->is_null();
  const std::uint64_t count = number_of(verify, "mismatches");
  if (!running && !ever && count == 0) return {};
  std::string out = running && truth_of(verify, "repairing") ? "repairing" : running ? "running" : "";
  if (!running) {
    out = std::string(truth_of(verify, "complete") ? "complete " : "incomplete, ended ") +
          duration_text(number_of(verify, "last_ended_seconds_ago")) + " ago";
  }
  out += ": " + std::to_string(number_of(verify, "files")) + " files, " + size_text(number_of(verify, "bytes"));
  if (const std::uint64_t repaired = number_of(verify, "regions_repaired"); repaired != 0) {
    out += ", " + std::to_string(repaired) + " regions repaired";
  }
  out += ", " + std::to_string(count) + " mismatches";
  std::string list;
  if (const json::value* known = verify.if_contains("list"); known != nullptr && known->is_array()) {
    for (const json::value& mismatch : known->as_array()) {
      if (mismatch.is_object()) list += "\n              " + mismatch_text(mismatch.as_object());
    }
  }
  return count == 0 ? out : out + list + "\n              " + remedy(list);
}

std::string render_checks(const json::object& status) {
  const json::value* checks = status.if_contains("checks");
  if (checks == nullptr || !checks->is_array()) return {};
  std::string out;
  for (const json::value& each : checks->as_array()) {
    if (!each.is_object()) continue;
    const json::object& check = each.as_object();
    const std::string state = text_of(check, "state");
    out += (out.empty() ? "" : "\n              ") + text_of(check, "name") + ": " + state;
    if (state == "missing") {
      out += " " + std::to_string(number_of(check, "misses")) + " of " + std::to_string(number_of(check, "misses_max"));
    }
    if (state == "failed") out += ", " + text_of(check, "action");
    if (const std::string found = text_of(check, "text"); !found.empty() && state != "idle") out += " (" + found + ")";
  }
  return out;
}

std::string render_brief(const json::object& status, bool colours, std::int64_t now_ms) {
  const Headline headline = headline_of(status, now_ms);
  std::string out = painted(headline.text, headline.verdict, colours) + "\n";
  if (const std::string bar = render_resync(status); !bar.empty()) out += row("resync", bar);
  return out + row("why", text_of(status, "reason")) + row("next step", text_of(status, "next_step"));
}

std::string render_status(const json::object& status, bool colours, std::int64_t now_ms) {
  std::string out = render_brief(status, colours, now_ms) + "\n";
  out += row("node", text_of(status, "node"));
  const std::string primary = text_of(status, "primary");
  out += row("cluster", primary.empty() ? "never started: no node was made primary yet"
                                        : "primary " + primary + ", in sync " + list_of(status, "in_sync") +
                                              ", epoch " + std::to_string(number_of(status, "epoch")));
  const bool alone = text_of(status, "third_vote") == "none";
  out +=
      row("links", text_of(status, "peer") + " " + connected(truth_of(status, "peer_connected")) +
                       (alone ? ", no third vote" : ", witness " + connected(truth_of(status, "witness_connected"))));
  out += row("verify", render_verify(object_of(status, "verify")));
  if (const std::uint64_t waiting = number_of(status, "requests_waiting"); waiting > 0) {
    out += row("requests", std::to_string(waiting) + " waiting");
  }
  const json::object& kept = object_of(status, "conflicts");
  if (const std::uint64_t count = number_of(kept, "count"); count > 0) {
    out += row("conflicts", std::to_string(count) + " kept aside, " + size_text(number_of(kept, "bytes")));
  }
  out += row("checks", render_checks(status));
  const json::object& restarts = object_of(status, "restarts");
  if (const std::uint64_t used = number_of(restarts, "used"); used > 0) {
    out += row("restarts", std::to_string(used) + " of " + std::to_string(number_of(restarts, "max")));
  }
  return out;
}

}  // namespace lockstep::prod

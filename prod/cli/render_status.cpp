#include "prod/cli/render_status.h"

#include "prod/cli/size_text.h"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

bool truth(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::uint64_t number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr) return 0;
  json::error_code error;
  const auto result = value->to_number<std::uint64_t>(error);
  return error ? 0 : result;
}

std::string time_text(std::uint64_t seconds) {
  constexpr std::uint64_t minute = 60;
  constexpr std::uint64_t hour = 60 * minute;
  constexpr std::uint64_t day = 24 * hour;
  if (seconds >= 2 * day) return std::to_string(seconds / day) + " days";
  if (seconds < minute) return std::to_string(seconds) + " s";
  if (seconds < hour) return std::to_string(seconds / minute) + " min " + std::to_string(seconds % minute) + " s";
  return std::to_string(seconds / hour) + " h " + std::to_string(seconds % hour / minute) + " min";
}

std::string list_text(const json::object& object, std::string_view key) {
  std::string result;
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_array()) return result;
  for (const json::value& element : value->as_array()) {
    if (!element.is_string()) continue;
    result += (result.empty() ? "" : ", ") + std::string(element.as_string().data(), element.as_string().size());
  }
  return result;
}

std::string connected(bool yes) { return yes ? "connected" : "NOT connected"; }

std::string mismatch_text(const json::object& mismatch) {
  std::string line = text(mismatch, "kind") + "  " + text(mismatch, "path");
  if (const std::uint64_t length = number(mismatch, "length"); length != 0) {
    line += ", bytes " + std::to_string(number(mismatch, "offset")) + " to " +
            std::to_string(number(mismatch, "offset") + length - 1);
  }
  if (const std::uint64_t error = number(mismatch, "errno"); error != 0)
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
  if (own != nullptr && own->is_object() && number(own->as_object(), "bytes_left") > 0) {
    const json::object& resync = own->as_object();
    std::string result = bar(number(resync, "bytes_total"), number(resync, "bytes_left")) + ", " +
                         std::to_string(number(resync, "files_left")) + " files, " +
                         size_text(number(resync, "bytes_copied")) + " copied";
    if (const std::uint64_t rate = number(resync, "bytes_per_second"); rate > 0) {
      result += ", " + size_text(rate) + "/s, " + time_text(number(resync, "seconds_left")) + " to go";
    }
    return result;
  }
  const json::value* peer = status.if_contains("peer_resync");
  if (peer != nullptr && peer->is_object() && number(peer->as_object(), "bytes_left") > 0) {
    return "of the other node: " +
           bar(number(peer->as_object(), "bytes_total"), number(peer->as_object(), "bytes_left"));
  }
  return {};
}

std::string render_verify(const json::object& verify) {
  const bool running = truth(verify, "running");
  const json::value* ended = verify.if_contains("last_ended_seconds_ago");
  const bool ever = ended != nullptr && !ended->is_null();
  const std::uint64_t count = number(verify, "mismatches");
  if (!running && !ever && count == 0) return {};
  std::string out = running && truth(verify, "repairing") ? "repairing" : running ? "running" : "";
  if (!running) {
    out = std::string(truth(verify, "complete") ? "complete " : "incomplete, ended ") +
          time_text(number(verify, "last_ended_seconds_ago")) + " ago";
  }
  out += ": " + std::to_string(number(verify, "files")) + " files, " + size_text(number(verify, "bytes"));
  if (const std::uint64_t repaired = number(verify, "regions_repaired"); repaired != 0) {
    out += ", " + std::to_string(repaired) + " regions repaired";
  }
  out += ", " + std::to_string(count) + " mismatches";
  std::string list;
  if (const json::value* known = verify.if_contains("list"); known != nullptr && known->is_array()) {
    for (const json::value& mismatch : known->as_array()) {
      if (mismatch.is_object()) list += "\n            " + mismatch_text(mismatch.as_object());
    }
  }
  return count == 0 ? out : out + list + "\n            " + remedy(list);
}

std::string render_status(const json::object& status) {
  std::string out;
  const auto line = [&out](const std::string& label, const std::string& value) {
    if (value.empty()) return;
    out += label + std::string(label.size() < 12 ? 12 - label.size() : 1, ' ') + value + "\n";
  };
  const std::string role = text(status, "role");
  std::string role_text = role;
  if (role != "STOP" && role != "WAIT") role_text += ", " + text(status, "readiness");
  if (truth(status, "frozen")) role_text += ", writes are held back (no majority)";
  if (role == "ALONE") role_text += ", unprotected: the other node does not have the newest data";
  line("module", text(status, "module") + " on node " + text(status, "node"));
  line("role", role_text);
  const std::string primary = text(status, "primary");
  line("cluster", primary.empty() ? "never started: no node was made primary yet"
                                  : "primary " + primary + ", in sync " + list_text(status, "in_sync") + ", epoch " +
                                        std::to_string(number(status, "epoch")));
  line("links", "peer " + connected(truth(status, "peer_connected")) + ", witness " +
                    connected(truth(status, "witness_connected")));
  line("resync", render_resync(status));
  if (const json::value* verify = status.if_contains("verify"); verify != nullptr && verify->is_object()) {
    line("verify", render_verify(verify->as_object()));
  }
  if (const std::uint64_t waiting = number(status, "requests_waiting"); waiting > 0) {
    line("requests", std::to_string(waiting) + " waiting");
  }
  if (const json::value* kept = status.if_contains("conflicts"); kept != nullptr && kept->is_object()) {
    const std::uint64_t count = number(kept->as_object(), "count");
    if (count > 0) {
      line("conflicts", std::to_string(count) + " kept aside, " + size_text(number(kept->as_object(), "bytes")));
    }
  }
  line("reason", text(status, "reason"));
  line("next step", text(status, "next_step"));
  return out;
}

}  // namespace lockstep::prod

// What the command line tool and the daemon say to each other: one JSON object per line over a Unix socket, one
// request, one answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace lockstep::prod {

inline constexpr const char* control_socket_name = "lockstepd.sock";
/// A longer request is none of ours.
inline constexpr std::size_t control_request_bytes_max = 4096;

struct ControlRequest {
  std::string module;
  std::string verb;  ///< as on the command line: "status", "start", "wait-role", ...
  bool force = false;
  bool full = false;      ///< second: compare everything; conflicts-drop: all of it
  bool repair = false;    ///< verify
  bool cancel = false;    ///< verify
  std::string key;        ///< set; conflicts-drop: of what is given up
  std::string value;      ///< set
  std::size_t lines = 0;  ///< log
  std::string by;         ///< who gives the command, for the timeline
};

enum class Outcome : std::uint8_t { done, refused, not_available };

struct ControlAnswer {
  Outcome outcome = Outcome::done;
  std::string text;
  boost::json::object status;  ///< for "status"; for "conflicts" where things are
};

std::string encode(const ControlRequest& request);
std::optional<ControlRequest> decode_request(const std::string& line);
std::string encode(const ControlAnswer& answer);
std::optional<ControlAnswer> decode_answer(const std::string& line);

}  // namespace lockstep::prod

// A module's status in a few lines for people.
#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// The headline, why it is so, and the next safe step. `status` as the daemon gives it; fields that are missing are
/// left out. Times are told as seen at `now_ms` (since 1970).
std::string render_brief(const boost::json::object& status, bool colours, std::int64_t now_ms);
/// The same, and then everything else.
std::string render_status(const boost::json::object& status, bool colours, std::int64_t now_ms);
/// How far a resync has come, of this node or of the other one, in one line; empty where there is none.
std::string render_resync(const boost::json::object& status);
/// What each check has found, a line each; empty where there are none.
std::string render_checks(const boost::json::object& status);
/// The "verify" part of it: how far it is, what differs, what to do; empty where there was none yet.
std::string render_verify(const boost::json::object& verify);

}  // namespace lockstep::prod

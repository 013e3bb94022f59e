// A module's status in a few lines for people.
#pragma once

#include <string>

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// `status` as the daemon gives it; fields that are missing are left out.
std::string render_status(const boost::json::object& status);
/// How far a resync has come, of this node or of the other one, in one line; empty where there is none.
std::string render_resync(const boost::json::object& status);
/// What each check has found, a line each; empty where there are none.
std::string render_checks(const boost::json::object& status);
/// The "verify" part of it: how far it is, what differs, what to do; empty where there was none yet.
std::string render_verify(const boost::json::object& verify);

}  // namespace lockstep::prod

// Fields of what the daemon says, for who shows them: a field that is missing, or of another kind, counts as empty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace lockstep::prod {

std::string text_of(const boost::json::object& object, std::string_view key);
bool truth_of(const boost::json::object& object, std::string_view key);
std::uint64_t number_of(const boost::json::object& object, std::string_view key);
double real_of(const boost::json::object& object, std::string_view key);
/// An empty object if there is none.
const boost::json::object& object_of(const boost::json::object& object, std::string_view key);
/// The strings of a list: "s1, s2".
std::string list_of(const boost::json::object& object, std::string_view key);

/// Each module's status of an answer to "status", be it of all modules or of one.
std::vector<boost::json::object> statuses_of(const boost::json::object& answer);

}  // namespace lockstep::prod

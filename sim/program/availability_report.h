// How long the service was down, for people and as JSON.
#pragma once

#include "sim/availability/figures.h"

#include <string>

#include <boost/json/object.hpp>

namespace lockstep::sim {

struct Tally;

boost::json::object to_json(const AvailabilityFigures& figures);
/// Throws std::exception where a figure is missing or of another kind.
AvailabilityFigures availability_from_json(const boost::json::object& object);

/// `choice`: of the report, with the module's name and settings.
std::string availability_text(const boost::json::object& choice, const Tally& tally);

}  // namespace lockstep::sim

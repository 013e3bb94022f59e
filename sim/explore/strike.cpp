#include "sim/explore/strike.h"

#include "sim/world/footprint.h"
#include "sim/world/world.h"

namespace lockstep::sim {

namespace {

/// A process that comes back before anybody's timeout.
constexpr Time short_outage = 2 * one_ms;

std::string name_of(const Landing& landing) {
  constexpr std::string_view contents[] = {"no-contents", "no-identities", "contents"};
  return std::to_string(landing.names) + "-names-" + std::string(contents[static_cast<std::size_t>(landing.contents)]);
}

std::string_view name_of(Wire wire) {
  constexpr std::string_view names[] = {"first-witness", "second-witness", "peers"};
  return names[index_of(wire)];
}

/// Whose process a fault ends.
std::optional<Place> ended_by(const Fault& fault) {
  if (const auto* outage = std::get_if<Outage>(&fault.what)) return outage->place;
  if (const auto* crash = std::get_if<DaemonCrash>(&fault.what)) return place_of(crash->node);
  return std::nullopt;
}

/// The machine, and what it has sent: with its end that does not arrive any more.
Footprint footprint_of_end(Place place) {
  Footprint footprint = footprint_of(place);
  for (const Wire wire : every_wire) {
    const std::vector<Place> ends = ends_of(wire);
    for (std::size_t side = 0; side < ends.size(); ++side) {
      if (ends[side] == place) footprint |= footprint_of(wire, side);
    }
  }
  return footprint;
}

void add_outages(World& world, Place place, Time repaired_at, std::vector<Strike>& strikes) {
  if (!world.machine(place).running()) return;
  const Time now = world.now();
  const std::string who(to_string(place));
  const SimJournal& journal = is_node(place) ? world.node(node_at(place)).journal() : world.witness().journal();
  const std::size_t touches_on_their_way = is_node(place) ? world.node(node_at(place)).touches().on_its_way() : 0;
  for (std::size_t landing = 0; landing < (journal.on_its_way() + 1) * (touches_on_their_way + 1); ++landing) {
    const std::size_t records = landing % (journal.on_its_way() + 1);
    const std::size_t touches = landing / (journal.on_its_way() + 1);
    const std::string landed = (records == 0 ? "" : "-" + std::to_string(records) + "-journal") +
                               (touches == 0 ? "" : "-" + std::to_string(touches) + "-touches");
    // A killed process leaves a kernel that closes its connections, which others notice at once, wherever they are. A
    // machine without power is silent.
    const auto add = [&](const std::string& name, bool power_lost, Time down, std::optional<Landing> of_volume) {
      const Footprint concerned = power_lost ? footprint_of_end(place) : everything_there_is;
      strikes.push_back(
          {name + landed, {now, Outage{place, power_lost, down}}, records, touches, of_volume, concerned});
    };
    add("restart-" + who, false, short_outage, {});
    if (!is_node(place)) {
      add("power-" + who, true, repaired_at - now, {});
      continue;
    }
    add("kill-" + who, false, repaired_at - now, {});
    if (world.node(node_at(place)).serves()) {
      const DaemonCrash daemon{node_at(place), short_outage, false};
      strikes.push_back({"held-" + who + landed, {now, daemon}, records, touches, {}, everything_there_is});
    }
    for (const Landing& of_volume : world.node(node_at(place)).volume().disk().landings()) {
      add("power-" + who + "-" + name_of(of_volume), true, repaired_at - now, of_volume);
    }
  }
}

void add_cuts(World& world, Wire wire, Time repaired_at, std::vector<Strike>& strikes) {
  const Time now = world.now();
  const std::string name(name_of(wire));
  const auto add = [&](const std::string& what, bool from_left, bool from_right, Footprint footprint) {
    strikes.push_back({what, {now, Cut{wire, from_left, from_right, repaired_at - now}}, 0, 0, {}, footprint});
  };
  add("cut-" + name + "-left", true, false, footprint_of(wire, 0));
  add("cut-" + name + "-right", false, true, footprint_of(wire, 1));
  add("cut-" + name, true, true, footprint_of(wire));
  if (wire != Wire::peers) return;
  if (world.cable(wire).up(0) || world.cable(wire).up(1)) {
    strikes.push_back({"reset-" + name, {now, Reset{wire}}, 0, 0, {}, everything_there_is});
  }
}

}  // namespace

void Strike::happen(World& world) const {
  if (const std::optional<Place> place = ended_by(fault)) {
    if (is_node(*place)) {
      Node& node = world.node(node_at(*place));
      node.journal().decide_landing(journal_landing);
      node.touches().decide_landing(touches_landing);
      if (landing) node.volume().decide_landing(*landing);
    } else {
      world.witness().journal().decide_landing(journal_landing);
    }
  }
  world.strike(fault);
}

std::vector<Strike> possible_strikes(World& world, Time repaired_at) {
  std::vector<Strike> strikes;
  for (const Place place : every_place) add_outages(world, place, repaired_at, strikes);
  for (const Wire wire : every_wire) add_cuts(world, wire, repaired_at, strikes);
  return strikes;
}

}  // namespace lockstep::sim

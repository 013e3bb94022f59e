// A value's fields, listed once for whoever writes them down, reads them or makes them simpler:
//   static void fields(auto& self, auto& visit) { visit("wire", self.wire); visit.time("length", self.length); }
// A visitor takes integers, bools and the enumerations below by visit(name, value), and times by visit.time().
#pragma once

#include "engine/settings.h"
#include "io/application.h"
#include "io/console.h"
#include "sim/world/wire.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::sim {

// Every enumeration that a field may have: all its values.
constexpr auto values_of(Wire) { return every_wire; }
constexpr auto values_of(Place) { return every_place; }
constexpr auto values_of(NodeId) { return every_node; }
constexpr auto values_of(engine::Durability) {
  return std::array{engine::Durability::commit, engine::Durability::replicated, engine::Durability::durable};
}
constexpr auto values_of(engine::Isolation) {
  return std::array{engine::Isolation::third_vote, engine::Isolation::wait, engine::Isolation::takeover};
}
constexpr auto values_of(io::Phase) {
  return std::array{io::Phase::prestart, io::Phase::start, io::Phase::stop, io::Phase::poststop, io::Phase::force_stop};
}
constexpr auto values_of(io::Verb) {
  return std::array{io::Verb::start, io::Verb::stop,   io::Verb::restart,   io::Verb::swap,
                    io::Verb::prim,  io::Verb::second, io::Verb::wait_role, io::Verb::verify};
}

constexpr std::string_view name_of(engine::Durability durability) {
  constexpr std::string_view names[] = {"commit", "replicated", "durable"};
  return names[static_cast<std::size_t>(durability)];
}
constexpr std::string_view name_of(engine::Isolation isolation) {
  constexpr std::string_view names[] = {"third_vote", "wait", "takeover"};
  return names[static_cast<std::size_t>(isolation)];
}
template <typename Enumeration>
constexpr std::string_view name_of(Enumeration value) {
  return to_string(value);
}

template <typename Enumeration>
constexpr std::optional<Enumeration> named(std::string_view name) {
  for (const Enumeration value : values_of(Enumeration{})) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

/// "commit, replicated, durable"
template <typename Enumeration>
std::string names_of() {
  std::string names;
  for (const Enumeration value : values_of(Enumeration{})) {
    names += std::string(names.empty() ? "" : ", ") + std::string(name_of(value));
  }
  return names;
}

}  // namespace lockstep::sim

// Strong integer types: an Epoch cannot be passed where an Lsn is meant.
#pragma once

#include <compare>
#include <cstdint>

namespace lockstep {

template <typename Tag, typename Representation>
struct Strong {
  Representation value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Representation initial) : value(initial) {}
  constexpr auto operator<=>(const Strong&) const = default;
  [[nodiscard]] constexpr Strong next() const { return Strong(static_cast<Representation>(value + 1)); }
};

/// Number of a configuration; every change of configuration has a higher one.
using Epoch = Strong<struct EpochTag, std::uint64_t>;
/// Log sequence number: position of an operation in the stream of one primary. 0 means "none yet".
using Lsn = Strong<struct LsnTag, std::uint64_t>;
/// Names a request of the application until it is replied to; drawn by the mount, unique per process life.
using RequestId = Strong<struct RequestTag, std::uint64_t>;
/// Names work handed to a port until its completion event; drawn by the engine, unique per process life.
using Ticket = Strong<struct TicketTag, std::uint64_t>;

}  // namespace lockstep

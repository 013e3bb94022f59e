// What an event of a module's timeline is about; webhooks choose by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep::prod {

enum class EventKind : std::uint8_t { daemon, role, protection, peer, resync, verify, application, command };

inline constexpr std::array<std::string_view, 8> event_kind_names = {"daemon", "role",   "protection",  "peer",
                                                                     "resync", "verify", "application", "command"};

constexpr std::string_view to_string(EventKind kind) { return event_kind_names[static_cast<std::size_t>(kind)]; }

}  // namespace lockstep::prod

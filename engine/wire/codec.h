// The wire format: [XXH3 checksum, 4 bytes] [message number, 1 byte] [fields] [bulk data].
// The checksum covers all that follows it; a frame that fails it is never acted upon (I14).
#pragma once

#include "engine/wire/message.h"
#include "io/link.h"

#include <optional>

namespace lockstep::engine {

io::Frame encode(const Message& message);

/// Nothing if the frame is damaged or malformed. Bulk data of the result refers into `frame`.
std::optional<Message> decode(const Buffer& frame);

/// How many bytes a manifest entry or object takes on the wire, at most; to cut a manifest into parts.
std::size_t wire_bytes_max(const ManifestObject& object);
std::size_t wire_bytes_max(const ManifestEntry& entry);

}  // namespace lockstep::engine

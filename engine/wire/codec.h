// The wire format: [XXH3 checksum, 4 bytes] [message number, 1 byte] [fields] [bulk data].
// The checksum covers all that follows it; a frame that fails it is never acted upon (I14).
#pragma once

#include "engine/wire/message.h"
#include "io/link.h"

#include <optional>
#include <span>

namespace lockstep::engine {

io::Frame encode(const Message& message);
/// A copy of all of it, as the other end receives it.
Buffer frame_bytes(const io::Frame& frame);

/// Nothing if the frame is damaged, or not what encode() makes of any message. Bulk data of the result refers into
/// `frame`.
std::optional<Message> decode(const Buffer& frame);

/// What a frame says it is, by its index in Message; nothing if `head`, its first bytes, is too short. Nothing is
/// checked.
std::optional<std::size_t> message_number(std::span<const std::byte> head);

/// A frame's bytes behind the checksum, which is not looked at: for a recording, which keeps frames without acting on
/// them. `body` is the bulk data.
struct FrameParts {
  std::size_t message_number = 0;  ///< index in Message; may be none of them
  Buffer head;
  Buffer body;
};
/// Nothing if the bytes cannot be a frame.
std::optional<FrameParts> frame_parts(const Buffer& frame);
/// The frame of such a head and body, with the checksum that fits.
Buffer join_frame(std::span<const std::byte> head, std::span<const std::byte> body);

/// How many bytes a manifest entry or object takes on the wire, at most; to cut a manifest into parts.
std::size_t wire_bytes_max(const ManifestObject& object);
std::size_t wire_bytes_max(const ManifestEntry& entry);

}  // namespace lockstep::engine

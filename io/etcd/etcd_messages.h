// What a record's client and etcd's JSON gateway (etcd 3.4 and later) say to each other. Bytes are base64 there, and
// 64-bit numbers are strings; what is false, 0 or empty is left out of an answer.
#pragma once

#include "engine/values/buffer.h"
#include "io/shared_record.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace lockstep::io::etcd {

/// Many times what is kept there; small enough for every call to fit into etcd's own limit.
inline constexpr std::size_t record_bytes_max = std::size_t{64} << 10U;
/// Of an answer: room for a record, in base64, and what is said about it.
inline constexpr std::size_t answer_bytes_max = std::size_t{256} << 10U;

inline constexpr const char* range_target = "/v3/kv/range";
inline constexpr const char* txn_target = "/v3/kv/txn";

/// For `range_target`: the newest version, as a majority knows it.
std::string range_request(std::string_view key);
/// For `txn_target`: if `expected` is the newest version then `record` is, else the newest is asked for.
std::string replace_request(std::string_view key, Revision expected, const Buffer& record);

/// Nothing if it is no answer to a range_request() for this key.
std::optional<RecordRead> decode_range_answer(std::string_view json, std::string_view key);

using ReplaceAnswer = std::variant<RecordReplaced, RecordSuperseded>;
/// Nothing if it is no answer to a replace_request() for this key.
std::optional<ReplaceAnswer> decode_replace_answer(std::string_view json, std::string_view key);

/// Why a call was refused, in etcd's words: one line, of a length for a log; empty if it does not say.
std::string refusal_in(std::string_view json);

/// With padding, without line breaks.
std::string to_base64(std::string_view bytes);
/// Nothing if it is not exactly what to_base64() makes of some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lockstep::io::etcd

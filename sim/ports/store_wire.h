// What a node and the store of the shared third vote say to each other, as frames of a cable.
#pragma once

#include "io/link.h"
#include "io/shared_record.h"

#include <optional>
#include <variant>

namespace lockstep::sim {

struct ReadRecord {};
struct ReplaceRecord {
  io::Revision expected;
  Buffer record;
};
using StoreQuestion = std::variant<ReadRecord, ReplaceRecord>;
using StoreAnswer = std::variant<io::RecordRead, io::RecordReplaced, io::RecordSuperseded>;

io::Frame frame_of(const StoreQuestion& question);
io::Frame frame_of(const StoreAnswer& answer);
/// Nothing if it was damaged on the way.
std::optional<StoreQuestion> question_in(const Buffer& frame);
std::optional<StoreAnswer> answer_in(const Buffer& frame);

}  // namespace lockstep::sim

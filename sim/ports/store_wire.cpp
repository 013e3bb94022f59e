#include "sim/ports/store_wire.h"

#include "engine/values/hash64.h"
#include "engine/wire/archive.h"

namespace lockstep::sim {

namespace {

/// Each message is its kind, a revision and a record, whether it needs them or not.
struct StoreWords {
  std::uint64_t kind = 0;
  io::Revision revision;
  Buffer record;
};

constexpr unsigned seal_bytes = 8;

io::Frame seal_words(const StoreWords& words) {
  engine::Writer writer;
  writer(words.kind, words.revision.value);
  writer.append(words.record.bytes());
  writer.raw(hash64(writer.bytes), seal_bytes);
  io::Frame frame;
  frame.head.assign(writer.bytes.begin(), writer.bytes.end());
  return frame;
}

std::optional<StoreWords> open_words(const Buffer& frame) {
  if (frame.size() < seal_bytes) return std::nullopt;
  const Buffer said = frame.slice(0, frame.size() - seal_bytes);
  engine::Reader hash(frame.slice(said.size(), seal_bytes));
  if (hash.raw(seal_bytes) != hash64(said.bytes())) return std::nullopt;
  StoreWords words;
  engine::Reader reader(said);
  reader(words.kind, words.revision.value);
  words.record = reader.rest();
  return reader.failed() ? std::nullopt : std::optional(words);
}

}  // namespace

io::Frame frame_of(const StoreQuestion& question) {
  const auto* replace = std::get_if<ReplaceRecord>(&question);
  return seal_words(replace == nullptr ? StoreWords{question.index(), {}, {}}
                                       : StoreWords{question.index(), replace->expected, replace->record});
}

io::Frame frame_of(const StoreAnswer& answer) {
  StoreWords words{answer.index(), {}, {}};
  if (const auto* read = std::get_if<io::RecordRead>(&answer)) {
    words = {answer.index(), read->revision, read->record};
  } else if (const auto* replaced = std::get_if<io::RecordReplaced>(&answer)) {
    words.revision = replaced->revision;
  } else if (const auto* superseded = std::get_if<io::RecordSuperseded>(&answer)) {
    words = {answer.index(), superseded->revision, superseded->record};
  }
  return seal_words(words);
}

std::optional<StoreQuestion> question_in(const Buffer& frame) {
  const auto words = open_words(frame);
  if (!words) return std::nullopt;
  if (words->kind == 0) return ReadRecord{};
  return ReplaceRecord{words->revision, words->record};
}

std::optional<StoreAnswer> answer_in(const Buffer& frame) {
  const auto words = open_words(frame);
  if (!words) return std::nullopt;
  switch (words->kind) {
    case 0: return io::RecordRead{words->revision, words->record};
    case 1: return io::RecordReplaced{words->revision};
    default: return io::RecordSuperseded{words->revision, words->record};
  }
}

}  // namespace lockstep::sim

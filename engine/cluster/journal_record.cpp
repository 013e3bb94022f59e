#include "engine/cluster/journal_record.h"

#include "engine/wire/archive.h"

#include <algorithm>

namespace lockstep::engine {

namespace {
constexpr std::uint64_t format_version = 5;
}

void VoterRecord::adopt(const VoterRecord& other) {
  promised = std::max(promised, other.promised);
  if (other.accepted_ballot <= accepted_ballot) return;
  accepted_ballot = other.accepted_ballot;
  accepted = other.accepted;
}

Buffer encode(const JournalRecord& record) {
  Writer writer;
  writer(format_version, record);
  return Buffer(std::move(writer.bytes));
}

std::optional<JournalRecord> decode_journal(const Buffer& bytes) {
  JournalRecord record;
  if (bytes.empty()) return record;
  Reader reader(bytes);
  std::uint64_t version = 0;
  reader(version, record);
  if (version != format_version || reader.failed() || !reader.at_end()) return std::nullopt;
  return record;
}

}  // namespace lockstep::engine

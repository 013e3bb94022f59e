#include "io/linux/conflict_record.h"

#include "engine/values/hash64.h"
#include "engine/wire/archive.h"

#include <cstdio>

namespace lockstep::linux_io {

namespace {
constexpr std::uint64_t format_version = 1;
constexpr std::size_t checksum_bytes = 8;
}  // namespace

std::string ConflictRecord::key_of(std::uint64_t conflict, const FileId& object) {
  char number[17] = {};
  std::snprintf(number, sizeof number, "%016llx", static_cast<unsigned long long>(conflict));
  return std::string(number) + "-" + to_string(object);
}

Buffer encode(const ConflictRecord& record) {
  engine::Writer writer;
  writer(format_version, record);
  writer.raw(hash64(writer.bytes), checksum_bytes);
  return Buffer(std::move(writer.bytes));
}

std::optional<ConflictRecord> decode_conflict(const Buffer& bytes) {
  if (bytes.size() < checksum_bytes) return std::nullopt;
  const Buffer body = bytes.slice(0, bytes.size() - checksum_bytes);
  engine::Reader checksum(bytes.slice(body.size(), checksum_bytes));
  if (checksum.raw(checksum_bytes) != hash64(body.bytes())) return std::nullopt;
  engine::Reader reader(body);
  std::uint64_t version = 0;
  ConflictRecord record;
  reader(version, record);
  if (version != format_version || reader.failed() || !reader.at_end()) return std::nullopt;
  return record;
}

}  // namespace lockstep::linux_io

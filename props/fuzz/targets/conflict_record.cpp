// What is known of an object that was set aside. The checksum is made right.
#include "io/linux/conflict_record.h"

#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "props/fuzz/targets.h"

#include <string>

namespace lockstep::fuzz {

namespace {

constexpr std::size_t checksum_bytes = 8;

Buffer sealed(const Buffer& body) {
  std::string bytes(body.text());
  const std::uint64_t sum = hash64(body.bytes());
  for (std::size_t i = 0; i < checksum_bytes; ++i) bytes += static_cast<char>(sum >> (8 * i));
  return Buffer::copy_of(bytes);
}

bool accepts(const Buffer& input) {
  linux_io::decode_conflict(input);
  const Buffer bytes = sealed(input);
  const auto record = linux_io::decode_conflict(bytes);
  if (!record) return false;
  LOCKSTEP_CHECK(linux_io::encode(*record) == bytes, "a conflict's record has one encoding");
  LOCKSTEP_CHECK(record->key().find('/') == std::string::npos, "a conflict's key is a file's name");
  return true;
}

std::vector<Buffer> seeds() {
  linux_io::ConflictRecord record;
  record.path = "directory/file";
  record.object = {7, 8};
  record.conflict = {5, Epoch(3), Epoch(4)};
  record.kept_at_ns = 1'790'000'000'123'456'789;
  record.attributes = {0xFF, 0100644, 1000, 1000, 4096, 1, -1, 0};
  record.symlink_target = "target";
  record.xattrs = {{"user.a", "b"}};
  std::vector<Buffer> all;
  for (const auto& each : {linux_io::ConflictRecord{}, record}) {
    const Buffer bytes = linux_io::encode(each);
    all.push_back(bytes.slice(0, bytes.size() - checksum_bytes));
  }
  return all;
}

}  // namespace

const Target conflict_record{"conflict_record", accepts, seeds, 256, 20'000};

}  // namespace lockstep::fuzz

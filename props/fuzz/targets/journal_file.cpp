// The file of a journal: four copies of a record, in two slots. The input has the beginning of each copy.
#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "io/journal.h"
#include "io/linux/journal_format.h"
#include "props/fuzz/input.h"
#include "props/fuzz/memory_file.h"
#include "props/fuzz/targets.h"

#include <cstring>
#include <string>

namespace lockstep::fuzz {

namespace {

constexpr std::size_t copies = io::journal_file_bytes / io::journal_copy_bytes;
constexpr std::size_t checksum_offset = 24;

/// Makes a copy's checksum right.
void seal(std::span<std::byte> copy) {
  std::memset(copy.data() + checksum_offset, 0, sizeof(std::uint64_t));
  const std::uint64_t sum = hash64(copy);
  std::memcpy(copy.data() + checksum_offset, &sum, sizeof sum);  // little endian, as this machine is
}

/// Each copy: whether its checksum is made right, how much of it is given, and that; the rest is zero.
bool accepts(const Buffer& input) {
  std::vector<std::byte> file(io::journal_file_bytes);
  Input parts(input);
  for (std::size_t i = 0; i < copies; ++i) {
    const std::span<std::byte> copy = std::span(file).subspan(i * io::journal_copy_bytes, io::journal_copy_bytes);
    const bool sealed = (parts.number8() & 1U) != 0;
    const std::size_t length = parts.number8();
    const Buffer given = parts.take(length);
    std::copy(given.bytes().begin(), given.bytes().end(), copy.begin());
    if (sealed) seal(copy);
  }
  const MemoryFile memory(file);
  const auto found = io::read_journal(memory.fd());
  const auto* record = std::get_if<io::JournalRecord>(&found);
  if (record == nullptr) return false;
  LOCKSTEP_CHECK(record->record.size() <= io::journal_bytes_max, "a journal's record is within its limit");
  if (record->sequence == UINT64_MAX) return true;
  LOCKSTEP_CHECK(io::write_journal(memory.fd(), record->sequence + 1, record->record) == 0, "it can be written");
  const auto again = io::read_journal(memory.fd());
  const auto* newer = std::get_if<io::JournalRecord>(&again);
  LOCKSTEP_CHECK(newer != nullptr && newer->sequence == record->sequence + 1 && newer->record == record->record,
                 "I13: what was written last is what is read");
  return true;
}

std::vector<Buffer> seeds() {
  const std::vector<std::byte> zeros(io::journal_file_bytes);
  const MemoryFile memory(zeros);
  std::vector<Buffer> all;
  for (const std::uint64_t sequence : {1, 2}) {
    io::write_journal(memory.fd(), sequence, Buffer::copy_of("record " + std::to_string(sequence)));
    std::string parts;
    for (std::size_t i = 0; i < copies; ++i) {
      constexpr int shown = 48;
      std::string beginning(shown, '\0');
      const auto offset = static_cast<off_t>(i * io::journal_copy_bytes);
      LOCKSTEP_CHECK(::pread(memory.fd(), beginning.data(), shown, offset) == ssize_t{shown}, "the file is complete");
      parts += std::string{1, static_cast<char>(shown)} + beginning;
    }
    all.push_back(Buffer::copy_of(parts));
  }
  return all;
}

}  // namespace

const Target journal_file{"journal_file", accepts, seeds, 512, 8'000};

}  // namespace lockstep::fuzz

// Reading and writing a journal file; blocking, used by FileJournal and by its tests.
#pragma once

#include "engine/values/buffer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace lockstep::io {

inline constexpr std::size_t journal_copy_bytes = 4096;
inline constexpr std::size_t journal_slot_bytes = 2 * journal_copy_bytes;
inline constexpr std::size_t journal_file_bytes = 2 * journal_slot_bytes;

struct JournalRecord {
  std::uint64_t sequence = 0;
  Buffer record;
};

/// The newest intact record, or why there is none.
std::variant<JournalRecord, std::string> read_journal(int fd);

/// Writes both copies of the slot that `sequence` selects and waits until they are on disk. 0 or an errno.
int write_journal(int fd, std::uint64_t sequence, const Buffer& record);

/// Creates `path` with an empty record of sequence 1, all at once and durably; nothing is done if the file is there.
/// An error as text, or empty.
std::string create_journal(const std::string& path);

}  // namespace lockstep::io

// The engine's durable memory as one small file.
//
// Two slots are written in turn, each in two copies of one 4 KiB block:
//
//   slot 0: copy a, copy b | slot 1: copy a, copy b
//   copy:   magic u64, sequence u64, length u32, zero u32, XXH3-64 of all that follows and precedes it, record
//
// A torn write can spoil the slot that was being written; the other still holds the record before, and nobody was
// told of the new one. A flipped bit spoils one copy; the other copy of the same slot still holds it, so that a record
// that was acknowledged never falls back to an older one.
#pragma once

#include "io/journal.h"
#include "io/report.h"

#include <cstdint>
#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;
class EventQueue;

class FileJournal final : public Journal {
 public:
  struct Opened {
    std::unique_ptr<FileJournal> journal;
    Buffer record;      ///< what was last stored; empty for a new journal
    std::string error;  ///< not empty: there is no journal, this says why and what to do
  };

  /// Opens `path`, or creates it (durably, names included), and locks it for this process alone. Never guesses: a
  /// file without any intact record is an error.
  static Opened open(EventLoop& loop, EventQueue& queue, const std::string& path, Report report);

  /// Waits for a write that is under way.
  ~FileJournal() override;

  /// The file is written by a thread of its own, since a disk may take long; records that wait meanwhile are
  /// superseded by the newest, and their JournalStored come together.
  void store(Ticket ticket, Buffer record) override;

 private:
  class Impl;
  explicit FileJournal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io

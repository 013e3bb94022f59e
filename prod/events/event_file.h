// A module's timeline on disk: STATE/MODULE.events, a line of JSON an event. When it has its size it becomes
// MODULE.events.old, and the one before is gone; so both together hold the newest events, and a bounded number of
// bytes.
#pragma once

#include "prod/events/module_event.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::prod {

/// Of each of the two files.
inline constexpr std::size_t event_file_bytes_max = std::size_t{1} << 20U;
/// A longer text is cut: one event must not push out the others.
inline constexpr std::size_t event_text_bytes_max = 4096;

std::string event_file_path(const std::string& state_directory, const std::string& module);

/// The newest `count` events after number `after`, oldest first; lines that cannot be read are left out. For any
/// process, also while a daemon writes. An error is a sentence; no file at all is none.
struct ReadEvents {
  std::vector<ModuleEvent> events;
  std::string error;
};
ReadEvents read_events(const std::string& path, std::size_t count, std::uint64_t after = 0);

/// The one writer. Used on one thread at a time.
class EventFile {
 public:
  explicit EventFile(std::string path, std::size_t bytes_max = event_file_bytes_max);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// Opens it, and gives numbers from where it ends. An error as a sentence, or empty.
  std::string open();
  /// Gives the event its number; on disk when it returns. An error as a sentence, or empty.
  std::string append(ModuleEvent& event);

 private:
  std::string change_files();
  [[nodiscard]] std::string failed(const char* what) const;

  const std::string path_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
  int fd_ = -1;
};

}  // namespace lockstep::prod

#include "prod/cli/show_log.h"

#include "prod/common/wall_time.h"
#include "prod/events/event_file.h"

#include <chrono>
#include <iostream>
#include <thread>

namespace lockstep::prod {

namespace {

constexpr std::size_t events_default = 50;
constexpr std::chrono::milliseconds follow_interval{250};

std::string in_words(const ModuleEvent& event) { return local_time(event.time_ms) + "  " + event.text; }

}  // namespace

ExitCode show_log(const std::string& state_directory, const CommandLine& line) {
  const std::string path = event_file_path(state_directory, line.request.module);
  std::size_t count = line.request.lines == 0 ? events_default : line.request.lines;
  std::uint64_t shown = 0;
  do {
    const ReadEvents read = read_events(path, count, shown);
    if (!read.error.empty()) return complain(exit_refused, read.error + ": run this command as root");
    if (read.events.empty() && shown == 0 && !line.follow) {
      return complain(exit_refused, "nothing has happened to a module \"" + line.request.module +
                                        "\" on this server: " + path + " has no events");
    }
    for (const ModuleEvent& event : read.events) {
      std::cout << (line.json ? encode(event) : in_words(event)) << "\n";
      shown = event.number;
    }
    std::cout << std::flush;
    if (!std::cout) return exit_done;  // whoever read has gone
    count = SIZE_MAX;
    if (line.follow) std::this_thread::sleep_for(follow_interval);
  } while (line.follow);
  return exit_done;
}

}  // namespace lockstep::prod

#include "prod/metrics/process_metrics.h"

#include <array>
#include <dirent.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace lockstep::prod {

namespace {

/// Of proc(5)'s stat, counted from the process's state, which is the first after the name.
struct ProcessStat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double started_ticks = 0;  ///< after the machine's start
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::array<double, 22> values{};
  std::string state;
  fields >> state;
  for (double& value : values) fields >> value;
  if (!fields) return std::nullopt;
  return ProcessStat{values[10], values[11], values[16], values[18], values[19], values[20]};
}

std::optional<double> machine_started_at() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  double count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  ::closedir(directory);
  return count - 1;  // without the directory's own
}

}  // namespace

void add_process_metrics(MetricPage& page, const std::string& program, const std::string& version) {
  page.gauge("lockstep_build_info", "What runs here; always 1", {{"program", program}, {"version", version}}, 1);
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (const auto stat = read_stat()) {
    page.counter("process_cpu_seconds_total", "Processor time of this process", {},
                 (stat->user_ticks + stat->system_ticks) / ticks);
    page.gauge("process_resident_memory_bytes", "Memory of this process that is in use", {},
               stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    page.gauge("process_virtual_memory_bytes", "Address space of this process", {}, stat->virtual_bytes);
    page.gauge("process_threads", "Threads of this process", {}, stat->threads);
    if (const auto started = machine_started_at()) {
      page.gauge("process_start_time_seconds", "When this process started, since 1970", {},
                 *started + stat->started_ticks / ticks);
    }
  }
  if (const auto count = open_descriptors()) {
    page.gauge("process_open_fds", "Descriptors that are open", {}, *count);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    page.gauge("process_max_fds", "Descriptors that may be open", {}, static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace lockstep::prod

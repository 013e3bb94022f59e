#include "prod/cli/conflicts.h"

#include "engine/values/time.h"
#include "io/linux/conflict_restore.h"
#include "io/linux/conflict_store.h"
#include "prod/cli/control_client.h"
#include "prod/common/quantity_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <sys/stat.h>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace json = boost::json;
using linux_io::ConflictRecord;
using linux_io::Descriptor;

namespace {

/// What was kept aside, and what lies in the replicated directory now.
struct Kept {
  Descriptor store;
  Descriptor directory;
  std::string path;  ///< of the replicated directory
  std::vector<ConflictRecord> records;
};

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

/// Or a sentence with a remedy, and the status to end with.
std::variant<Kept, std::pair<ExitCode, std::string>> find_kept(const std::string& socket, const std::string& module) {
  ControlRequest request;
  request.module = module;
  request.verb = "conflicts";
  const auto result = ask_daemon(socket, request);
  if (const auto* error = std::get_if<std::string>(&result)) return std::pair(exit_unreachable, *error);
  const auto& answer = std::get<ControlAnswer>(result);
  if (answer.outcome != Outcome::done) return std::pair(exit_refused, answer.text);
  Kept kept;
  kept.store = Descriptor(::open(text_of(answer.status, "store").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  kept.directory = Descriptor(::open(text_of(answer.status, "directory").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  kept.path = text_of(answer.status, "path");
  if (!kept.store.valid() || !kept.directory.valid()) {
    return std::pair(exit_unreachable, std::string("cannot look at what the daemon has kept (") + std::strerror(errno) +
                                           "): run this command as root, on the same machine");
  }
  kept.records = linux_io::read_conflicts(kept.store.fd());
  return kept;
}

std::string time_text(std::int64_t ns) {
  const auto seconds = static_cast<time_t>(ns / ns_per_second);
  struct tm parts {};
  char text[32] = {};
  ::localtime_r(&seconds, &parts);
  std::strftime(text, sizeof text, "%F %T", &parts);
  return text;
}

std::string kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symbolic link";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    default: return "device";
  }
}

std::optional<struct stat> present(const Kept& kept, const ConflictRecord& record) {
  struct stat status {};
  const int found = ::fstatat(kept.directory.fd(), record.path.c_str(), &status, AT_SYMLINK_NOFOLLOW);
  return found == 0 ? std::optional(status) : std::nullopt;
}

std::int64_t mtime_ns(const struct stat& status) {
  return status.st_mtim.tv_sec * ns_per_second + status.st_mtim.tv_nsec;
}

std::string why(const Conflict& conflict) {
  if (conflict.own == conflict.winner) return "it differed from the primary's when that was repaired (verify --repair)";
  return "this server's history" +
         (conflict.own.value == 0 ? std::string() : " (epoch " + std::to_string(conflict.own.value) + ")") +
         " ended when the other one was made the primary by force (epoch " + std::to_string(conflict.winner.value) +
         ")";
}

json::object json_of(const Kept& kept, const ConflictRecord& record) {
  const auto now = present(kept, record);
  json::value present_version = nullptr;
  if (now) {
    present_version = {{"kind", kind_of(now->st_mode)},
                       {"bytes", static_cast<std::uint64_t>(now->st_size)},
                       {"mtime_ns", mtime_ns(*now)}};
  }
  return {{"path", record.path},
          {"key", record.key()},
          {"kind", kind_of(record.attributes.mode)},
          {"bytes", record.attributes.size_bytes},
          {"mtime_ns", record.attributes.mtime_ns},
          {"kept_at_ns", record.kept_at_ns},
          {"present", std::move(present_version)},
          {"own_epoch", record.conflict.own.value},
          {"winner_epoch", record.conflict.winner.value},
          {"why", why(record.conflict)}};
}

void print_one(const Kept& kept, const ConflictRecord& record) {
  const auto now = present(kept, record);
  const std::string kind = kind_of(record.attributes.mode);
  const bool file = S_ISREG(record.attributes.mode);
  std::cout << record.path << "\n    " << (file ? size_text(record.attributes.size_bytes) : kind) << ", changed "
            << time_text(record.attributes.mtime_ns) << "; now ";
  if (!now) {
    std::cout << "removed";
  } else {
    std::cout << (S_ISREG(now->st_mode) ? size_text(static_cast<std::uint64_t>(now->st_size)) : kind_of(now->st_mode))
              << ", changed " << time_text(mtime_ns(*now));
  }
  std::cout << "\n    kept " << time_text(record.kept_at_ns) << " as " << record.key() << ": " << why(record.conflict)
            << "\n";
}

ExitCode list(const Kept& kept, bool as_json) {
  if (as_json) {
    json::array all;
    for (const ConflictRecord& record : kept.records) all.push_back(json_of(kept, record));
    std::cout << json::serialize(all) << "\n";
    return exit_done;
  }
  for (const ConflictRecord& record : kept.records) print_one(kept, record);
  if (kept.records.empty()) std::cout << "nothing was kept aside\n";
  return exit_done;
}

/// As the records have it: from the replicated directory on.
std::string relative(const Kept& kept, std::string path) {
  if (path.starts_with(kept.path + "/")) path = path.substr(kept.path.size() + 1);
  while (path.starts_with("./")) path = path.substr(2);
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path;
}

/// What is kept of that path and of what it held, or under that key.
std::vector<ConflictRecord> chosen(const Kept& kept, const std::string& path) {
  std::vector<ConflictRecord> records;
  for (const ConflictRecord& record : kept.records) {
    if (record.path == path || record.path.starts_with(path + "/") || record.key() == path) records.push_back(record);
  }
  return records;
}

std::string kept_twice(const std::vector<ConflictRecord>& records) {
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (records[i].path != records[i - 1].path) continue;
    return records[i].path + " was kept more than once, as " + records[i - 1].key() + " and as " + records[i].key() +
           ": say which, in place of the path";
  }
  return {};
}

/// Opens the directory beneath `top` that leads to the last component of `path`, making what is missing.
Descriptor open_parent(int top, const std::string& path) {
  Descriptor at(::openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::size_t begin = 0;
  for (std::size_t end = path.find('/'); end != std::string::npos && at.valid(); end = path.find('/', begin)) {
    const std::string name = path.substr(begin, end - begin);
    if (::mkdirat(at.fd(), name.c_str(), 0755) != 0 && errno != EEXIST) return {};
    at = Descriptor(::openat(at.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    begin = end + 1;
  }
  return at;
}

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

ExitCode restore(const Kept& kept, const std::string& path, const std::string& to) {
  std::vector<ConflictRecord> records = chosen(kept, path);
  if (records.empty()) return complain(exit_refused, "nothing is kept of " + path + ": \"conflicts\" lists what is");
  if (const std::string error = kept_twice(records); !error.empty()) return complain(exit_refused, error);
  const Descriptor top(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top.valid()) return complain(exit_refused, to + ": " + std::strerror(errno) + "; it must be a directory");
  const std::string first = records.size() == 1 ? records.front().path : path;
  const std::size_t cut = first.rfind('/') == std::string::npos ? 0 : first.rfind('/') + 1;
  for (const ConflictRecord& record : records) {
    const std::string place = record.path.substr(cut);
    const Descriptor parent = open_parent(top.fd(), place);
    const int error =
        parent.valid() ? linux_io::restore_kept(kept.store.fd(), record, parent.fd(), last_component(place)) : errno;
    std::string shown = to;
    shown.append("/").append(place);
    if (error == EEXIST) return complain(exit_refused, shown + " exists already, and is not overwritten");
    if (error != 0) return complain(exit_refused, "cannot restore " + shown + ": " + std::strerror(error));
    std::cout << shown << "\n";
  }
  // Until what it holds is there, a directory is nobody else's.
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (!S_ISDIR(record->attributes.mode)) continue;
    const std::string place = record->path.substr(cut);
    const Descriptor parent = open_parent(top.fd(), place);
    const int error = parent.valid() ? linux_io::dress_restored(*record, parent.fd(), last_component(place)) : errno;
    if (error == 0) continue;
    std::string shown = to;
    shown.append("/").append(place);
    return complain(exit_refused, "cannot give " + shown + " its owner and mode: " + std::strerror(error));
  }
  return exit_done;
}

ExitCode drop(const std::string& socket, const CommandLine& line, const Kept& kept) {
  std::vector<std::string> keys = {""};
  if (!line.conflicts.all) {
    keys.clear();
    for (const ConflictRecord& record : chosen(kept, relative(kept, line.conflicts.path))) keys.push_back(record.key());
    if (keys.empty()) return complain(exit_refused, "nothing is kept of " + line.conflicts.path);
  }
  std::size_t dropped = 0;
  for (const std::string& key : keys) {
    ControlRequest request;
    request.module = line.request.module;
    request.verb = "conflicts-drop";
    request.full = line.conflicts.all;
    request.key = key;
    const auto result = ask_daemon(socket, request);
    if (const auto* error = std::get_if<std::string>(&result)) return complain(exit_unreachable, *error);
    const auto& answer = std::get<ControlAnswer>(result);
    if (answer.outcome != Outcome::done) return complain(exit_refused, answer.text);
    dropped += std::stoul(answer.text);
  }
  std::cout << "given up: " << dropped << "\n";
  return exit_done;
}

}  // namespace

ExitCode run_conflicts(const std::string& socket, const CommandLine& line) {
  auto found = find_kept(socket, line.request.module);
  if (const auto* error = std::get_if<std::pair<ExitCode, std::string>>(&found)) {
    return complain(error->first, error->second);
  }
  const Kept& kept = std::get<Kept>(found);
  switch (line.conflicts.action) {
    case ConflictsAction::list: return list(kept, line.json);
    case ConflictsAction::restore: return restore(kept, relative(kept, line.conflicts.path), line.conflicts.to);
    case ConflictsAction::drop: return drop(socket, line, kept);
  }
  return exit_usage;
}

}  // namespace lockstep::prod

#include "io/linux/conflict_store.h"

#include "io/linux/directory_names.h"
#include "io/linux/file_copy.h"
#include "io/linux/object_outcome.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace lockstep::linux_io {

namespace {

constexpr std::string_view record_suffix = ".record";
constexpr std::string_view unfinished_suffix = ".unfinished";
constexpr std::string_view contents_suffix = ".contents";

std::string name_of(const std::string& key, std::string_view suffix) { return key + std::string(suffix); }

Outcome<std::vector<std::string>> sorted_names_in(int directory) {
  auto names = names_in(directory);
  std::sort(names.value.begin(), names.value.end());
  return names;
}

/// What the records say is restored as root: nobody else may have had a hand in them.
int check_private(int directory) {
  struct stat status {};
  if (::fstat(directory, &status) != 0) return errno;
  return status.st_uid == 0 && (status.st_mode & ALLPERMS) == S_IRWXU ? 0 : EPERM;
}

std::optional<ConflictRecord> read_record(int directory, const std::string& name) {
  const Descriptor file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || ::fstat(file.fd(), &status) != 0) return std::nullopt;
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  if (::pread(file.fd(), bytes.data(), bytes.size(), 0) != status.st_size) return std::nullopt;
  return decode_conflict(Buffer(std::move(bytes)));
}

int write_new(int directory, const std::string& name, const Buffer& bytes) {
  const Descriptor file(
      ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return errno;
  const ssize_t written = ::pwrite(file.fd(), bytes.data(), bytes.size(), 0);
  if (written < 0) return errno;
  if (static_cast<std::size_t>(written) != bytes.size()) return ENOSPC;
  return ::fsync(file.fd()) == 0 ? 0 : errno;
}

bool is_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('\0') == std::string_view::npos;
}

/// Whether it stays beneath the directory it starts from.
bool stays_within(std::string_view path) {
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
    if (!is_component(path.substr(0, end))) return false;
    path.remove_prefix(end + 1);
  }
  return is_component(path);
}

}  // namespace

std::vector<ConflictRecord> read_conflicts(int directory) {
  std::vector<ConflictRecord> records;
  const auto names = sorted_names_in(directory);
  if (!names.ok()) return records;
  for (const std::string& name : names.value) {
    if (!name.ends_with(record_suffix)) continue;
    auto record = read_record(directory, name);
    if (record && stays_within(record->path)) records.push_back(std::move(*record));
  }
  std::sort(records.begin(), records.end(), [](const ConflictRecord& a, const ConflictRecord& b) {
    return std::pair(a.path, a.kept_at_ns) < std::pair(b.path, b.kept_at_ns);
  });
  return records;
}

Descriptor open_kept(int directory, const ConflictRecord& record) {
  const std::string name = name_of(record.key(), contents_suffix);
  return Descriptor(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

int ConflictStore::open(int root) {
  if (::mkdirat(root, conflicts_name, S_IRWXU) != 0 && errno != EEXIST) return errno;
  directory_ = Descriptor(::openat(root, conflicts_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.valid() || ::fsync(root) != 0) return errno;
  if (const int error = check_private(directory_.fd()); error != 0) return error;
  // One listing for both: a record missed in the first would be a copy given up in the second.
  const auto names = sorted_names_in(directory_.fd());
  if (!names.ok()) return names.error;
  for (const std::string& name : names.value) {
    if (!name.ends_with(record_suffix)) continue;
    const std::string key = name.substr(0, name.size() - record_suffix.size());
    const auto record = read_record(directory_.fd(), name);
    count(key, record ? record->attributes.size_bytes : 0);
  }
  // What has no record is of a copy that was cut short.
  for (const std::string& name : names.value) {
    if (name.ends_with(record_suffix) || name.front() == '.') continue;
    const std::string key = name.substr(0, name.rfind('.'));
    if (!kept_.contains(key)) ::unlinkat(directory_.fd(), name.c_str(), 0);
  }
  return 0;
}

int ConflictStore::write_contents(const std::string& key, const Descriptor& contents) {
  const Descriptor file(::openat(directory_.fd(), name_of(key, contents_suffix).c_str(),
                                 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return errno;
  const int error = copy_contents(contents.fd(), file.fd(), [this] { return !stopped_; });
  if (error != 0) return error;
  return ::fsync(file.fd()) == 0 ? 0 : errno;
}

// The record is last, and under its name once it is on disk: what is listed is whole.
int ConflictStore::write_record(const std::string& key, const ConflictRecord& record) {
  const std::string unfinished = name_of(key, unfinished_suffix);
  if (const int error = write_new(directory_.fd(), unfinished, encode(record)); error != 0) return error;
  const std::string finished = name_of(key, record_suffix);
  if (::renameat(directory_.fd(), unfinished.c_str(), directory_.fd(), finished.c_str()) != 0) return errno;
  if (::fsync(directory_.fd()) == 0) return 0;
  const int error = errno;
  ::unlinkat(directory_.fd(), finished.c_str(), 0);
  return error;
}

int ConflictStore::keep(const ConflictRecord& record, const Descriptor& contents) {
  const std::string key = record.key();
  {
    const std::scoped_lock lock(mutex_);
    if (kept_.contains(key)) return 0;
    if (!being_kept_.insert(key).second) return EBUSY;
  }
  const int error = keep_alone(key, record, contents);
  const std::scoped_lock lock(mutex_);
  being_kept_.erase(key);
  return error;
}

int ConflictStore::keep_alone(const std::string& key, const ConflictRecord& record, const Descriptor& contents) {
  int error = contents.valid() ? write_contents(key, contents) : 0;
  if (error == 0) error = write_record(key, record);
  if (error != 0) {
    for (const std::string_view suffix : {unfinished_suffix, contents_suffix}) {
      ::unlinkat(directory_.fd(), name_of(key, suffix).c_str(), 0);
    }
    return error;
  }
  count(key, record.attributes.size_bytes);
  return 0;
}

void ConflictStore::count(const std::string& key, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (!kept_.emplace(key, bytes).second) return;
  ++totals_.objects;
  totals_.bytes += bytes;
}

std::vector<std::string> ConflictStore::keys() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : kept_) keys.push_back(key);
  return keys;
}

std::size_t ConflictStore::drop(const std::vector<std::string>& keys) {
  std::size_t dropped = 0;
  for (const std::string& key : keys) {
    {
      const std::scoped_lock lock(mutex_);
      const auto found = kept_.find(key);
      if (found == kept_.end()) continue;
      --totals_.objects;
      totals_.bytes -= found->second;
      kept_.erase(found);
    }
    ++dropped;
    for (const std::string_view suffix : {record_suffix, contents_suffix}) {
      ::unlinkat(directory_.fd(), name_of(key, suffix).c_str(), 0);
    }
  }
  return dropped;
}

ConflictStore::Totals ConflictStore::totals() const {
  const std::scoped_lock lock(mutex_);
  return totals_;
}

}  // namespace lockstep::linux_io

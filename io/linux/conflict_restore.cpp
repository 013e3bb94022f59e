#include "io/linux/conflict_restore.h"

#include "io/linux/conflict_store.h"
#include "io/linux/file_copy.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace lockstep::linux_io {

namespace {

constexpr mode_t permission_bits = 07777;
constexpr std::int64_t ns_per_s = 1'000'000'000;

timespec time_of(std::int64_t ns) {
  const std::int64_t rest = (ns % ns_per_s + ns_per_s) % ns_per_s;
  return {static_cast<time_t>((ns - rest) / ns_per_s), static_cast<long>(rest)};
}

int make_file(int store, const ConflictRecord& record, int directory, const std::string& name) {
  const Descriptor contents = open_kept(store, record);
  if (!contents.valid()) return errno;
  const Descriptor file(
      ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return errno;
  int error = copy_contents(contents.fd(), file.fd(), [] { return true; });
  if (error == 0 && ::fsync(file.fd()) != 0) error = errno;
  if (error != 0) ::unlinkat(directory, name.c_str(), 0);
  return error;
}

int make(int store, const ConflictRecord& record, int directory, const std::string& name) {
  const mode_t mode = record.attributes.mode;
  int made = 0;
  switch (mode & S_IFMT) {
    case S_IFREG: return make_file(store, record, directory, name);
    case S_IFDIR: made = ::mkdirat(directory, name.c_str(), S_IRWXU); break;
    case S_IFLNK: made = ::symlinkat(record.symlink_target.c_str(), directory, name.c_str()); break;
    default: made = ::mknodat(directory, name.c_str(), mode, record.attributes.rdev); break;
  }
  return made == 0 ? 0 : errno;
}

/// Another filesystem need not know every attribute, and not everybody may set each.
bool of_no_use_there(int error) { return error == EOPNOTSUPP || error == EPERM || error == ENOSPC || error == ERANGE; }

}  // namespace

int dress_restored(const ConflictRecord& record, int directory, const std::string& name) {
  const Attributes& wanted = record.attributes;
  if (::fchownat(directory, name.c_str(), wanted.uid, wanted.gid, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  const bool symlink = S_ISLNK(wanted.mode);
  if (!symlink && ::fchmodat(directory, name.c_str(), wanted.mode & permission_bits, 0) != 0) return errno;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
  for (const auto& [attribute, value] : record.xattrs) {
    const int set = ::lsetxattr(path.c_str(), attribute.c_str(), value.data(), value.size(), 0);
    if (set != 0 && !of_no_use_there(errno)) return errno;
  }
  const timespec times[2] = {time_of(wanted.atime_ns), time_of(wanted.mtime_ns)};
  return ::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

int restore_kept(int store, const ConflictRecord& record, int directory, const std::string& name) {
  if (const int error = make(store, record, directory, name); error != 0) return error;
  const int error = dress_restored(record, directory, name);
  if (error != 0) ::unlinkat(directory, name.c_str(), S_ISDIR(record.attributes.mode) ? AT_REMOVEDIR : 0);
  return error;
}

}  // namespace lockstep::linux_io

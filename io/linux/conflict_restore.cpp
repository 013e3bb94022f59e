#include "io/linux/conflict_restore.h"

#include "io/linux/conflict_store.h"
#include "io/linux/file_copy.h"
#include "io/linux/object_access.h"
#include "io/linux/object_outcome.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>

namespace lockstep::linux_io {

namespace {

using Made = Outcome<Descriptor>;

Made make_file(int store, const ConflictRecord& record, int directory, const std::string& name) {
  const Descriptor contents = open_kept(store, record);
  if (!contents.valid()) return Made::failed(errno);
  Descriptor file(
      ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return Made::failed(errno);
  int error = copy_contents(contents.fd(), file.fd(), [] { return true; });
  if (error == 0 && ::fsync(file.fd()) != 0) error = errno;
  if (error == 0) return Made::of(std::move(file));
  ::unlinkat(directory, name.c_str(), 0);
  return Made::failed(error);
}

/// Opens what was just made. Somebody who may write to the directory can have put another object in its place: what is
/// of another type or owner, has further names, or is a directory open to others, is refused with ESTALE.
Made open_made(const ConflictRecord& record, int directory, const std::string& name) {
  Descriptor object(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!object.valid() || ::fstat(object.fd(), &status) != 0) return Made::failed(errno);
  const bool is_directory = S_ISDIR(status.st_mode);
  const bool ours = (status.st_mode & S_IFMT) == (record.attributes.mode & S_IFMT) && status.st_uid == ::geteuid() &&
                    (is_directory ? (status.st_mode & permission_bits & ~S_ISGID) == S_IRWXU : status.st_nlink == 1);
  return ours ? Made::of(std::move(object)) : Made::failed(ESTALE);
}

Made make(int store, const ConflictRecord& record, int directory, const std::string& name) {
  const mode_t mode = record.attributes.mode;
  int made = 0;
  switch (mode & S_IFMT) {
    case S_IFREG: return make_file(store, record, directory, name);
    case S_IFDIR: made = ::mkdirat(directory, name.c_str(), S_IRWXU); break;
    case S_IFLNK: made = ::symlinkat(record.symlink_target.c_str(), directory, name.c_str()); break;
    default:
      made = ::mknodat(directory, name.c_str(), (mode & S_IFMT) | S_IRUSR | S_IWUSR, record.attributes.rdev);
      break;
  }
  return made == 0 ? open_made(record, directory, name) : Made::failed(errno);
}

/// Another filesystem need not know every attribute, and not everybody may set each.
bool of_no_use_there(int error) { return error == EOPNOTSUPP || error == EPERM || error == ENOSPC || error == ERANGE; }

/// Through the descriptor alone: its name can lead elsewhere by now.
int dress(const ConflictRecord& record, const Descriptor& object) {
  const Attributes& wanted = record.attributes;
  const DescriptorPath path(object.fd());
  if (::fchownat(object.fd(), "", wanted.uid, wanted.gid, AT_EMPTY_PATH) != 0) return errno;
  if (!S_ISLNK(wanted.mode) && ::chmod(path.c_str(), wanted.mode & permission_bits) != 0) return errno;
  for (const auto& [attribute, value] : record.xattrs) {
    const int set = ::setxattr(path.c_str(), attribute.c_str(), value.data(), value.size(), 0);
    if (set != 0 && !of_no_use_there(errno)) return errno;
  }
  const timespec times[2] = {to_timespec(wanted.atime_ns), to_timespec(wanted.mtime_ns)};
  return ::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0 ? 0 : errno;
}

}  // namespace

int restore_kept(int store, const ConflictRecord& record, int directory, const std::string& name) {
  const Made made = make(store, record, directory, name);
  if (!made.ok()) return made.error;
  if (S_ISDIR(record.attributes.mode)) return 0;
  const int error = dress(record, made.value);
  if (error != 0) ::unlinkat(directory, name.c_str(), 0);
  return error;
}

int dress_restored(const ConflictRecord& record, int directory, const std::string& name) {
  const Made made = open_made(record, directory, name);
  return made.ok() ? dress(record, made.value) : made.error;
}

}  // namespace lockstep::linux_io

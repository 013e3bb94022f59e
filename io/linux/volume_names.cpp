// Operations on names: create, link, unlink, rename, and the giving of identities.
#include "engine/values/check.h"
#include "io/linux/volume.h"

#include <cerrno>
#include <fcntl.h>
#include <stdio.h>

namespace lockstep::linux_io {
namespace {

/// Modes of new objects are decided before (by the mount, from the caller's umask, or by the stream).
class NoUmask {
 public:
  NoUmask() : former_(::umask(0)) {}
  ~NoUmask() { ::umask(former_); }
  NoUmask(const NoUmask&) = delete;
  NoUmask& operator=(const NoUmask&) = delete;

 private:
  mode_t former_;
};

/// A directory that moves to another parent keeps its time; some filesystems count the new ".." as a change.
void keep_time(const struct stat& before, int directory, const std::string& name) {
  if (!S_ISDIR(before.st_mode)) return;
  struct stat after {};
  if (::fstatat(directory, name.c_str(), &after, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (nanoseconds(after.st_mtim) == nanoseconds(before.st_mtim)) return;
  const timespec times[2] = {{0, UTIME_OMIT}, before.st_mtim};
  ::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

using io::Origin;

bool LinuxVolume::hidden(const FileId& parent, const std::string& name) {
  if (parent == FileId::staging()) return name == index_name;
  return parent == FileId::root() && (name == staging_name || name == conflicts_name);
}

int LinuxVolume::check_place(const FileId& parent, const std::string& name, Origin origin) const {
  if (const int error = check_name(name); error != 0) return error;
  if (hidden(parent, name)) return EPERM;
  if (origin == Origin::application && parent == FileId::staging()) return EPERM;
  return 0;
}

void LinuxVolume::after_change(const OpenObject& directory, const FileId& id, Origin origin, std::int64_t& mtime_ns) {
  if (origin == Origin::application) {
    if (const auto status = status_of(directory); status.ok()) mtime_ns = nanoseconds(status.value.st_mtim);
  } else if (mtime_ns != 0) {  // 0: a resync that sets the directory's time by an operation of its own
    owe_mtime(id, mtime_ns);
  }
}

struct LinuxVolume::NamedObject {
  int error = 0;
  FileId id;
  struct stat status {};

  [[nodiscard]] bool has_one_name() const { return S_ISDIR(status.st_mode) || status.st_nlink <= 1; }
};

int LinuxVolume::create(const Operation& operation, Origin origin, io::Applied& result) {
  if (const int error = check_place(operation.parent, operation.name, origin); error != 0) return error;
  const auto parent = resolve_directory(operation.parent);
  if (!parent.ok()) return parent.error;
  const int directory = parent.value->fd();
  const bool requested = origin == Origin::application;
  if (is_resent(operation, origin)) {
    bool created = false;
    const int error = find_created(*parent.value, operation, result, created);
    if (created || error != 0) return error;
  }
  // An engine draws the identity; a test may leave it to the volume.
  const bool given = operation.file != FileId::none();
  const FileId id = requested && !given ? draw_identity(table_->period()) : operation.file;
  if (id == FileId::none() || id == FileId::root() || id == FileId::staging()) return EINVAL;
  if (given && table_->knows(id) && table_->open(id).ok()) return EEXIST;

  const auto made = make_object(directory, operation);
  if (!made.ok()) return made.error;
  struct stat status {};
  int error = dress(*made.value, directory, operation, origin, id, status);
  Outcome<ObjectHandle> handle;
  if (error == 0) {
    handle = handle_of(made.value->fd(), "");
    error = handle.error;
  }
  if (error != 0) {
    ::unlinkat(directory, operation.name.c_str(), S_ISDIR(operation.attributes.mode) ? AT_REMOVEDIR : 0);
    return error;
  }
  table_->insert(id, handle.value, status.st_mode & S_IFMT, made.value);

  result.effect.file = id;
  if (requested) {
    Attributes& attributes = result.effect.attributes;
    attributes.mask = attribute_mode | attribute_uid | attribute_gid | attribute_atime | attribute_mtime;
    attributes.mode = status.st_mode;
    attributes.uid = status.st_uid;
    attributes.gid = status.st_gid;
    attributes.atime_ns = nanoseconds(status.st_atim);
    attributes.mtime_ns = nanoseconds(status.st_mtim);
  }
  after_change(*parent.value, operation.parent, origin, result.effect.parent_mtime_ns);
  return 0;
}

/// What an earlier life has made of the same request. It gave the object its identity last, so without one nobody has
/// ever heard of it: then it is made anew.
int LinuxVolume::find_created(const OpenObject& parent, const Operation& operation, io::Applied& result,
                              bool& created) {
  struct stat status {};
  const char* name = operation.name.c_str();
  if (::fstatat(parent.fd(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : errno;
  const mode_t wanted = operation.attributes.mode & S_IFMT;
  if ((status.st_mode & S_IFMT) != (wanted == 0 ? S_IFREG : wanted)) return EEXIST;
  const auto identity = read_identity(parent.fd(), operation.name);
  if (!identity.ok()) return identity.error;
  const bool has_content = S_ISREG(status.st_mode) && status.st_size != 0;
  if (identity.value == FileId::none() && !has_content) {
    return ::unlinkat(parent.fd(), name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0) == 0 ? 0 : errno;
  }
  const NamedObject found = look_at(parent.fd(), operation.name);
  if (found.error != 0) return found.error;
  const auto object = resolve(found.id);
  if (!object.ok()) return object.error;
  // A walk over the tree may have given it an identity before it had its owner.
  if (const int error = dress(*object.value, parent.fd(), operation, Origin::application, found.id, status);
      error != 0) {
    return error;
  }
  created = true;
  result.effect.file = found.id;
  result.replicated = false;
  return 0;
}

Outcome<OpenObjectPtr> LinuxVolume::make_object(int directory, const Operation& operation) {
  const NoUmask every_bit_counts;
  const char* name = operation.name.c_str();
  const mode_t mode = operation.attributes.mode & permission_bits;
  auto object = std::make_shared<OpenObject>();
  int made = 0;
  int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  switch (operation.attributes.mode & S_IFMT) {
    case 0:
    case S_IFREG: flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOATIME | O_CLOEXEC; break;
    case S_IFDIR:
      made = ::mkdirat(directory, name, mode);
      flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC;
      break;
    case S_IFLNK: {
      const std::string target(operation.data.text());
      if (target.find('\0') != std::string::npos) return Outcome<OpenObjectPtr>::failed(EINVAL);
      made = ::symlinkat(target.c_str(), directory, name);
      object->path_only = true;
      break;
    }
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFCHR:
    case S_IFBLK:
      made = ::mknodat(directory, name, operation.attributes.mode, operation.attributes.rdev);
      object->path_only = true;
      break;
    default: return Outcome<OpenObjectPtr>::failed(EINVAL);
  }
  if (made != 0) return Outcome<OpenObjectPtr>::failed(errno);
  object->descriptor = Descriptor(::openat(directory, name, flags, mode));
  if (object->descriptor.valid()) return Outcome<OpenObjectPtr>::of(std::move(object));
  const int error = errno;
  const bool created_before = (flags & O_CREAT) == 0;
  if (created_before) ::unlinkat(directory, name, S_ISDIR(operation.attributes.mode) ? AT_REMOVEDIR : 0);
  return Outcome<OpenObjectPtr>::failed(error);
}

/// Gives a new object its owner, mode, times and, last, its identity; `status` is how it is then.
int LinuxVolume::dress(const OpenObject& object, int directory, const Operation& operation, Origin origin,
                       const FileId& id, struct stat& status) {
  const Attributes& wanted = operation.attributes;
  auto made = status_of(object);
  if (!made.ok()) return made.error;
  const bool requested = origin == Origin::application;
  uid_t uid = (wanted.mask & attribute_uid) != 0 ? wanted.uid : made.value.st_uid;
  gid_t gid = (wanted.mask & attribute_gid) != 0 ? wanted.gid : made.value.st_gid;
  if (requested && gid != made.value.st_gid) {
    struct stat parent {};
    if (::fstat(directory, &parent) != 0) return errno;
    const bool group_inherited = (parent.st_mode & S_ISGID) != 0 || made.value.st_gid != ::getegid();
    if (group_inherited) gid = made.value.st_gid;
  }
  const mode_t mode = (requested ? made.value.st_mode : wanted.mode) & permission_bits;

  if (!requested && (wanted.mask & attribute_size) != 0) {
    if (const int error = give_size(object, wanted.size_bytes); error != 0) return error;
  }
  bool changed = false;
  if (uid != made.value.st_uid || gid != made.value.st_gid) {
    if (const int error = change_owner(object, uid, gid); error != 0) return error;
    changed = true;
  }
  if (changed) {
    made = status_of(object);  // a change of owner clears set-user-ID and set-group-ID
    if (!made.ok()) return made.error;
  }
  if (mode != (made.value.st_mode & permission_bits) && !S_ISLNK(made.value.st_mode)) {
    if (const int error = change_mode(object, mode); error != 0) return error;
    made.value.st_mode = (made.value.st_mode & S_IFMT) | mode;
  }
  if (!requested && (wanted.mask & (attribute_atime | attribute_mtime)) != 0) {
    const timespec omitted{0, UTIME_OMIT};
    const int error =
        change_times(object, (wanted.mask & attribute_atime) != 0 ? to_timespec(wanted.atime_ns) : omitted,
                     (wanted.mask & attribute_mtime) != 0 ? to_timespec(wanted.mtime_ns) : omitted);
    if (error != 0) return error;
  }
  status = made.value;
  return write_identity(object, id);
}

int LinuxVolume::link(const Operation& operation, Origin origin, io::Applied& result) {
  if (const int error = check_place(operation.parent, operation.name, origin); error != 0) return error;
  const auto file = resolve(operation.file);
  if (!file.ok()) return file.error;
  const auto parent = resolve_directory(operation.parent);
  if (!parent.ok()) return parent.error;
  if (::linkat(file.value->fd(), "", parent.value->fd(), operation.name.c_str(), AT_EMPTY_PATH) != 0) {
    const int error = errno;
    if (error != EEXIST || !is_resent(operation, origin)) return error;
    const NamedObject found = look_at(parent.value->fd(), operation.name);
    if (found.error != 0 || found.id != operation.file) return error;
    result.replicated = false;
    return 0;
  }
  after_change(*parent.value, operation.parent, origin, result.effect.parent_mtime_ns);
  return 0;
}

LinuxVolume::NamedObject LinuxVolume::look_at(int directory, const std::string& name) {
  const auto found = table_->adopt(directory, name);
  return {found.error, found.value.id, found.value.status};
}

/// Opens what may be about to lose its last name: it cannot be opened any more when it has.
void LinuxVolume::hold(const NamedObject& object, Origin origin) {
  if (origin != Origin::application || last_names_ == nullptr || !object.has_one_name()) return;
  table_->open(object.id);
  last_names_->losing_last_name(object.id);
}

void LinuxVolume::kept_name(const NamedObject& object, Origin origin) {
  if (origin != Origin::application || last_names_ == nullptr || !object.has_one_name()) return;
  last_names_->kept_last_name(object.id);
}

void LinuxVolume::lost_name(const NamedObject& object, Origin origin) {
  if (!object.has_one_name()) return;
  unsettled_.erase(object.id);
  if (origin == Origin::application && last_names_ != nullptr) last_names_->lost_last_name(object.id);
  table_->erase(object.id);
}

int LinuxVolume::unlink(const Operation& operation, Origin origin, io::Applied& result) {
  if (const int error = check_place(operation.parent, operation.name, origin); error != 0) return error;
  const auto parent = resolve_directory(operation.parent);
  if (!parent.ok()) return parent.error;
  const int directory = parent.value->fd();
  const NamedObject victim = look_at(directory, operation.name);
  if (victim.error == ENOENT && is_resent(operation, origin)) {
    result.replicated = false;
    return 0;
  }
  if (victim.error != 0) return victim.error;
  const int flags = (operation.flags & flag_remove_directory) != 0 ? AT_REMOVEDIR : 0;
  hold(victim, origin);
  if (::unlinkat(directory, operation.name.c_str(), flags) != 0) {
    const int error = errno;
    kept_name(victim, origin);
    return error;
  }
  changed(victim.id);
  lost_name(victim, origin);
  after_change(*parent.value, operation.parent, origin, result.effect.parent_mtime_ns);
  return 0;
}

int LinuxVolume::rename(const Operation& operation, Origin origin, io::Applied& result) {
  if (const int error = check_place(operation.parent, operation.name, origin); error != 0) return error;
  if (const int error = check_place(operation.new_parent, operation.new_name, origin); error != 0) return error;
  const auto from = resolve_directory(operation.parent);
  if (!from.ok()) return from.error;
  const auto to = resolve_directory(operation.new_parent);
  if (!to.ok()) return to.error;
  const NamedObject source = look_at(from.value->fd(), operation.name);
  const bool exchange = (operation.flags & flag_exchange) != 0;
  if (is_resent(operation, origin)) {
    result.effect.file = FileId::none();
    const bool moved_before = exchange
                                  ? source.error == 0 && operation.file != FileId::none() && source.id != operation.file
                                  : source.error == ENOENT;
    if (moved_before) {
      result.replicated = false;
      return 0;
    }
  }
  if (source.error != 0) return source.error;
  const NamedObject target = look_at(to.value->fd(), operation.new_name);
  if (target.error != 0 && target.error != ENOENT) return target.error;

  const unsigned flags =
      (exchange ? RENAME_EXCHANGE : 0U) | ((operation.flags & flag_no_replace) != 0 ? RENAME_NOREPLACE : 0U);
  const bool replaces = !exchange && target.error == 0 && target.status.st_ino != source.status.st_ino;
  if (replaces) hold(target, origin);
  if (::renameat2(from.value->fd(), operation.name.c_str(), to.value->fd(), operation.new_name.c_str(), flags) != 0) {
    const int error = errno;
    if (replaces) kept_name(target, origin);
    return error;
  }
  if (operation.parent != operation.new_parent) {
    keep_time(source.status, to.value->fd(), operation.new_name);
    if (exchange) keep_time(target.status, from.value->fd(), operation.name);
  }
  moved(source.id, source.status.st_mode);
  if (target.error == 0) moved(target.id, target.status.st_mode);
  if (replaces) lost_name(target, origin);
  after_change(*from.value, operation.parent, origin, result.effect.parent_mtime_ns);
  after_change(*to.value, operation.new_parent, origin, result.effect.new_parent_mtime_ns);
  return 0;
}

int LinuxVolume::identify(const Operation& operation) {
  if (const int error = check_place(operation.parent, operation.name, Origin::stream); error != 0) return error;
  const FileId id = operation.file;
  if (id == FileId::none() || id == FileId::root() || id == FileId::staging()) return EINVAL;
  const auto parent = resolve_directory(operation.parent);
  if (!parent.ok()) return parent.error;
  const int directory = parent.value->fd();
  const NamedObject object = look_at(directory, operation.name);
  if (object.error != 0 || object.id == id) return object.error;

  // Whoever had this identity before must not keep it: two objects with one identity would look like one.
  if (const auto former = resolve(id); former.ok()) {
    const FileId substitute = draw_identity(table_->period());
    if (const int error = write_identity(*former.value, substitute); error != 0) return error;
    const auto handle = handle_of(former.value->fd(), "");
    if (!handle.ok()) return handle.error;
    settle_one(id);
    const mode_t type = table_->type_of(id);
    table_->erase(id);
    table_->insert(substitute, handle.value, type, former.value);
  }
  if (const int error = write_identity(directory, operation.name, id); error != 0) return error;
  const auto handle = handle_of(directory, operation.name);
  if (!handle.ok()) return handle.error;
  settle_one(object.id);
  table_->erase(object.id);
  table_->insert(id, handle.value, object.status.st_mode & S_IFMT, nullptr);
  return 0;
}

}  // namespace lockstep::linux_io

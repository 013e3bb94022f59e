#include "io/linux/object_access.h"

#include "engine/values/check.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>

namespace lockstep::linux_io {
namespace {

FileId decode(const IdentityBytes& bytes) {
  FileId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = id.high << 8U | bytes[i];
    id.low = id.low << 8U | bytes[8 + i];
  }
  return id;
}

bool usable(const FileId& id) {
  constexpr std::uint64_t reserved = 256;
  return id.high != 0 || id.low >= reserved;
}

Outcome<FileId> interpret(ssize_t size, const IdentityBytes& bytes) {
  if (size < 0) {
    if (errno == ENODATA || errno == ERANGE) return Outcome<FileId>::of(FileId::none());
    return Outcome<FileId>::failed(errno);
  }
  if (size != static_cast<ssize_t>(bytes.size())) return Outcome<FileId>::of(FileId::none());
  const FileId id = decode(bytes);
  return Outcome<FileId>::of(usable(id) ? id : FileId::none());
}

/// Calls `get(buffer, size)` until the buffer is large enough: attributes may grow between the two calls.
template <typename Get>
Outcome<std::string> read_growing(Get get) {
  std::string buffer(256, '\0');
  while (true) {
    const ssize_t size = get(buffer.data(), buffer.size());
    if (size >= 0) {
      buffer.resize(static_cast<std::size_t>(size));
      return Outcome<std::string>::of(std::move(buffer));
    }
    if (errno != ERANGE || buffer.size() > std::size_t{2} * XATTR_SIZE_MAX) return Outcome<std::string>::failed(errno);
    buffer.resize(buffer.size() * 4);
  }
}

std::vector<std::string> visible_names(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < list.size();) {
    std::string name(list.c_str() + at);
    at += name.size() + 1;
    if (!name.starts_with(reserved_attribute_prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

using ExtendedAttributes = std::vector<std::pair<std::string, std::string>>;

// System calls of Linux 6.13 that <sys/xattr.h> does not have yet; their numbers are the same everywhere.
constexpr long getxattrat_number = 464;
constexpr long listxattrat_number = 465;
/// As <linux/xattr.h> has it.
struct XattrArguments {
  std::uint64_t value;
  std::uint32_t size;
  std::uint32_t flags;
};
/// An older kernel does not know them, and some sandboxes refuse what they do not know.
std::atomic<bool> has_xattrs_at = true;

bool unknown_call() {
  if (errno != ENOSYS && errno != EPERM) return false;
  has_xattrs_at.store(false, std::memory_order_relaxed);
  return true;
}

/// As lgetxattr(2) of an entry; the detour through /proc takes as long again as the call itself.
ssize_t get_xattr_at(int directory, const std::string& name, const char* attribute, void* value, std::size_t size) {
  if (has_xattrs_at.load(std::memory_order_relaxed)) {
    XattrArguments into{reinterpret_cast<std::uintptr_t>(value), static_cast<std::uint32_t>(size), 0};
    const long got =
        ::syscall(getxattrat_number, directory, name.c_str(), AT_SYMLINK_NOFOLLOW, attribute, &into, sizeof into);
    if (got >= 0 || !unknown_call()) return got;
  }
  return ::lgetxattr(DescriptorPath(directory, name).c_str(), attribute, value, size);
}

/// As llistxattr(2) of an entry.
ssize_t list_xattrs_at(int directory, const std::string& name, char* list, std::size_t size) {
  if (has_xattrs_at.load(std::memory_order_relaxed)) {
    const long got = ::syscall(listxattrat_number, directory, name.c_str(), AT_SYMLINK_NOFOLLOW, list, size);
    if (got >= 0 || !unknown_call()) return got;
  }
  return ::llistxattr(DescriptorPath(directory, name).c_str(), list, size);
}

}  // namespace

IdentityBytes identity_bytes(const FileId& id) {
  IdentityBytes bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(id.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(id.low >> (56 - 8 * i));
  }
  return bytes;
}

int check_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return EINVAL;
  if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) return EINVAL;
  return 0;
}

Outcome<ObjectHandle> handle_of(int directory, const std::string& name) {
  alignas(file_handle) char storage[sizeof(file_handle) + ObjectHandle::bytes_max];
  auto* raw = reinterpret_cast<file_handle*>(storage);
  raw->handle_bytes = ObjectHandle::bytes_max;
  int mount_id = 0;
  if (::name_to_handle_at(directory, name.c_str(), raw, &mount_id, name.empty() ? AT_EMPTY_PATH : 0) != 0) {
    return Outcome<ObjectHandle>::failed(errno);
  }
  ObjectHandle handle;
  handle.type = raw->handle_type;
  handle.size = static_cast<std::uint8_t>(raw->handle_bytes);
  std::memcpy(handle.bytes.data(), raw->f_handle, raw->handle_bytes);
  return Outcome<ObjectHandle>::of(handle);
}

Outcome<Descriptor> open_handle(int mount, const ObjectHandle& handle, int flags) {
  alignas(file_handle) char storage[sizeof(file_handle) + ObjectHandle::bytes_max];
  auto* raw = reinterpret_cast<file_handle*>(storage);
  raw->handle_bytes = handle.size;
  raw->handle_type = handle.type;
  std::memcpy(raw->f_handle, handle.bytes.data(), handle.size);
  const int fd = ::open_by_handle_at(mount, raw, flags | O_CLOEXEC);
  if (fd < 0) return Outcome<Descriptor>::failed(errno);
  return Outcome<Descriptor>::of(Descriptor(fd));
}

FileId draw_identity(Period period) {
  while (true) {
    FileId id{period, 0};
    const ssize_t got = ::getrandom(&id.low, sizeof id.low, 0);
    if (got < 0 && errno == EINTR) continue;
    LOCKSTEP_CHECK(got == static_cast<ssize_t>(sizeof id.low), "the kernel gives random bytes");
    if (usable(id)) return id;
  }
}

Outcome<FileId> read_identity(int directory, const std::string& name) {
  IdentityBytes bytes{};
  return interpret(get_xattr_at(directory, name, identity_attribute, bytes.data(), bytes.size()), bytes);
}

Outcome<FileId> read_identity(const OpenObject& object) {
  IdentityBytes bytes{};
  const ssize_t size =
      object.path_only ? ::getxattr(DescriptorPath(object.fd()).c_str(), identity_attribute, bytes.data(), bytes.size())
                       : ::fgetxattr(object.fd(), identity_attribute, bytes.data(), bytes.size());
  return interpret(size, bytes);
}

int write_identity(const OpenObject& object, const FileId& id) {
  const auto bytes = identity_bytes(id);
  return set_attribute(object, identity_attribute, bytes.data(), bytes.size(), 0);
}

int write_identity(int directory, const std::string& name, const FileId& id) {
  const auto bytes = identity_bytes(id);
  const DescriptorPath path(directory, name);
  return ::lsetxattr(path.c_str(), identity_attribute, bytes.data(), bytes.size(), 0) == 0 ? 0 : errno;
}

Outcome<struct stat> status_of(const OpenObject& object) {
  struct stat status {};
  if (::fstat(object.fd(), &status) != 0) return Outcome<struct stat>::failed(errno);
  return Outcome<struct stat>::of(status);
}

lockstep::Attributes describe_attributes(const struct stat& status) {
  lockstep::Attributes attributes;
  attributes.mask = attribute_mode | attribute_uid | attribute_gid | attribute_size | attribute_atime | attribute_mtime;
  attributes.mode = status.st_mode;
  attributes.uid = status.st_uid;
  attributes.gid = status.st_gid;
  // The size of a directory is its filesystem's own affair and differs between equal trees.
  attributes.size_bytes = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  attributes.atime_ns = nanoseconds(status.st_atim);
  attributes.mtime_ns = nanoseconds(status.st_mtim);
  attributes.rdev = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) ? status.st_rdev : 0;
  return attributes;
}

int change_size(const OpenObject& object, std::uint64_t size_bytes) {
  if (size_bytes > static_cast<std::uint64_t>(INT64_MAX)) return EFBIG;
  return ::truncate(DescriptorPath(object.fd()).c_str(), static_cast<off_t>(size_bytes)) == 0 ? 0 : errno;
}

int give_size(const OpenObject& object, std::uint64_t size_bytes) {
  if (size_bytes > static_cast<std::uint64_t>(INT64_MAX)) return EFBIG;
  return ::ftruncate(object.fd(), static_cast<off_t>(size_bytes)) == 0 ? 0 : errno;
}

int change_mode(const OpenObject& object, mode_t mode) {
  const int result =
      object.path_only ? ::chmod(DescriptorPath(object.fd()).c_str(), mode) : ::fchmod(object.fd(), mode);
  return result == 0 ? 0 : errno;
}

int change_owner(const OpenObject& object, uid_t uid, gid_t gid) {
  return ::fchownat(object.fd(), "", uid, gid, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

int change_times(const OpenObject& object, const timespec& atime, const timespec& mtime) {
  const timespec times[2] = {atime, mtime};
  const int result =
      object.path_only ? ::utimensat(object.fd(), "", times, AT_EMPTY_PATH) : ::futimens(object.fd(), times);
  return result == 0 ? 0 : errno;
}

Outcome<std::vector<std::string>> attribute_names(const OpenObject& object) {
  const DescriptorPath path(object.fd());
  auto list = read_growing([&](char* buffer, std::size_t size) {
    return object.path_only ? ::listxattr(path.c_str(), buffer, size) : ::flistxattr(object.fd(), buffer, size);
  });
  if (!list.ok()) return Outcome<std::vector<std::string>>::failed(list.error);
  return Outcome<std::vector<std::string>>::of(visible_names(list.value));
}

Outcome<std::string> attribute_value(const OpenObject& object, const std::string& name) {
  if (name.starts_with(reserved_attribute_prefix)) return Outcome<std::string>::failed(ENODATA);
  const DescriptorPath path(object.fd());
  return read_growing([&](char* buffer, std::size_t size) {
    return object.path_only ? ::getxattr(path.c_str(), name.c_str(), buffer, size)
                            : ::fgetxattr(object.fd(), name.c_str(), buffer, size);
  });
}

Outcome<ExtendedAttributes> attributes_of(int directory, const std::string& name) {
  auto list =
      read_growing([&](char* buffer, std::size_t size) { return list_xattrs_at(directory, name, buffer, size); });
  if (!list.ok()) return Outcome<ExtendedAttributes>::failed(list.error);
  ExtendedAttributes attributes;
  for (auto& attribute : visible_names(list.value)) {
    auto value = read_growing(
        [&](char* buffer, std::size_t size) { return get_xattr_at(directory, name, attribute.c_str(), buffer, size); });
    if (!value.ok()) return Outcome<ExtendedAttributes>::failed(value.error);
    attributes.emplace_back(std::move(attribute), std::move(value.value));
  }
  return Outcome<ExtendedAttributes>::of(std::move(attributes));
}

Outcome<ExtendedAttributes> attributes_of(const OpenObject& object) {
  auto names = attribute_names(object);
  if (!names.ok()) return Outcome<ExtendedAttributes>::failed(names.error);
  ExtendedAttributes attributes;
  for (auto& name : names.value) {
    auto value = attribute_value(object, name);
    if (!value.ok()) return Outcome<ExtendedAttributes>::failed(value.error);
    attributes.emplace_back(std::move(name), std::move(value.value));
  }
  return Outcome<ExtendedAttributes>::of(std::move(attributes));
}

int set_attribute(const OpenObject& object, const std::string& name, const void* value, std::size_t size, int flags) {
  const int result = object.path_only
                         ? ::setxattr(DescriptorPath(object.fd()).c_str(), name.c_str(), value, size, flags)
                         : ::fsetxattr(object.fd(), name.c_str(), value, size, flags);
  return result == 0 ? 0 : errno;
}

int remove_attribute(const OpenObject& object, const std::string& name) {
  const int result = object.path_only ? ::removexattr(DescriptorPath(object.fd()).c_str(), name.c_str())
                                      : ::fremovexattr(object.fd(), name.c_str());
  return result == 0 ? 0 : errno;
}

Outcome<std::string> link_target(const OpenObject& symlink) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(symlink.fd(), "", target.data(), target.size());
  if (size < 0) return Outcome<std::string>::failed(errno);
  target.resize(static_cast<std::size_t>(size));
  return Outcome<std::string>::of(std::move(target));
}

}  // namespace lockstep::linux_io

// What the mount asks the volume for: reading, never changing.
#include "io/linux/volume.h"

#include <cerrno>
#include <fcntl.h>

namespace lockstep::linux_io {

Outcome<LinuxVolume::Looked> LinuxVolume::lookup(const FileId& parent, const std::string& name) {
  if (hidden(parent, name) || check_name(name) != 0) return Outcome<Looked>::failed(ENOENT);
  if (!unsettled_.empty()) settle();
  const auto directory = resolve_directory(parent);
  if (!directory.ok()) return Outcome<Looked>::failed(directory.error);
  const auto found = table_->adopt(directory.value->fd(), name);
  if (!found.ok()) return Outcome<Looked>::failed(found.error);
  const ObjectIndex::Place place{found.value.handle, found.value.status.st_mode & S_IFMT};
  return Outcome<Looked>::of({found.value.id, place, found.value.status});
}

Outcome<LinuxVolume::Looked> LinuxVolume::lookup(const FileId& file) {
  const auto found = status(file);
  if (!found.ok()) return Outcome<Looked>::failed(found.error);
  return Outcome<Looked>::of({file, table_->place_of(file).value_or(ObjectIndex::Place{}), found.value});
}

Outcome<struct stat> LinuxVolume::status(const FileId& file) {
  if (!unsettled_.empty()) settle();
  const auto object = resolve(file);
  if (!object.ok()) return Outcome<struct stat>::failed(object.error);
  return status_of(*object.value);
}

Outcome<OpenObjectPtr> LinuxVolume::open(const FileId& file) { return resolve(file); }

Outcome<Descriptor> LinuxVolume::open_listing(const FileId& directory) {
  const auto object = resolve_directory(directory);
  if (!object.ok()) return Outcome<Descriptor>::failed(object.error);
  Descriptor listing(::openat(object.value->fd(), ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
  if (!listing.valid()) return Outcome<Descriptor>::failed(errno);
  return Outcome<Descriptor>::of(std::move(listing));
}

int LinuxVolume::pin(const FileId& file) {
  if (const auto object = resolve(file); !object.ok()) return object.error;
  return table_->pin(file);
}

int LinuxVolume::pin_nameless(const FileId& file, Descriptor opened) {
  const int flags = ::fcntl(opened.fd(), F_GETFL);
  if (flags < 0 || ::fcntl(opened.fd(), F_SETFD, FD_CLOEXEC) != 0) return errno;
  auto object = std::make_shared<OpenObject>(OpenObject{std::move(opened), (flags & O_PATH) != 0});
  const auto status = status_of(*object);
  const auto root = status_of(*root_);
  if (!status.ok() || !root.ok()) return status.ok() ? root.error : status.error;
  const auto identity = read_identity(*object);
  if (!identity.ok()) return identity.error;
  if (status.value.st_dev != root.value.st_dev || identity.value != file) return ENOENT;
  return table_->pin_nameless(file, status.value.st_mode & S_IFMT, std::move(object));
}

void LinuxVolume::unpin(const FileId& file) {
  if (alive_) table_->unpin(file);
}

Outcome<std::string> LinuxVolume::link_target(const FileId& symlink) {
  const auto object = resolve(symlink);
  if (!object.ok()) return Outcome<std::string>::failed(object.error);
  return linux_io::link_target(*object.value);
}

Outcome<std::vector<std::string>> LinuxVolume::attribute_names(const FileId& file) {
  const auto object = resolve(file);
  if (!object.ok()) return Outcome<std::vector<std::string>>::failed(object.error);
  return linux_io::attribute_names(*object.value);
}

Outcome<std::string> LinuxVolume::attribute_value(const FileId& file, const std::string& name) {
  const auto object = resolve(file);
  if (!object.ok()) return Outcome<std::string>::failed(object.error);
  return linux_io::attribute_value(*object.value, name);
}

Outcome<struct statvfs> LinuxVolume::space() const {
  struct statvfs space {};
  if (::fstatvfs(root_->fd(), &space) != 0) return Outcome<struct statvfs>::failed(errno);
  return Outcome<struct statvfs>::of(space);
}

bool LinuxVolume::has_default_acl(const FileId& directory) {
  return attribute_value(directory, "system.posix_acl_default").ok();
}

}  // namespace lockstep::linux_io

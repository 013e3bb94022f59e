#include "io/linux/object_table.h"

#include "engine/values/check.h"

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace lockstep::linux_io {

ObjectTable::ObjectTable(int mount, dev_t device, std::size_t descriptors_max, std::shared_ptr<ObjectIndex> index)
    : mount_(mount), device_(device), descriptors_max_(descriptors_max), index_(std::move(index)) {}

Outcome<ObjectTable::Found> ObjectTable::adopt(int directory, const std::string& name) {
  Found found;
  if (::fstatat(directory, name.c_str(), &found.status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    return Outcome<Found>::failed(errno);
  }
  if (found.status.st_dev != device_) return Outcome<Found>::failed(EXDEV);
  const auto identity = read_identity(directory, name);
  if (!identity.ok()) return Outcome<Found>::failed(identity.error);
  const auto handle = handle_of(directory, name);
  if (!handle.ok()) return Outcome<Found>::failed(handle.error);

  found.handle = handle.value;
  found.id = identity.value;
  bool fresh = found.id == FileId::none();
  if (!fresh) {
    if (const auto known = index_->find(found.id)) {
      if (known->handle == handle.value) return Outcome<Found>::of(found);
      fresh = holds_identity(known->handle, found.id);
      if (!fresh) erase(found.id);
    }
  }
  if (fresh) {
    found.id = draw_identity(period_);
    ++identities_given_;
    if (const int error = write_identity(directory, name, found.id); error != 0) return Outcome<Found>::failed(error);
  }
  insert(found.id, handle.value, found.status.st_mode & S_IFMT, nullptr);
  return Outcome<Found>::of(found);
}

bool ObjectTable::recall(const FileId& id, const ObjectIndex::Place& place) {
  if (!holds_identity(place.handle, id)) return false;
  insert(id, place.handle, place.type, nullptr);
  return true;
}

mode_t ObjectTable::type_of(const FileId& id) const {
  if (const auto opened = opened_.find(id); opened != opened_.end()) return opened->second.type;
  const auto found = index_->find(id);
  return found ? found->type : 0;
}

void ObjectTable::insert(const FileId& id, const ObjectHandle& handle, mode_t type, OpenObjectPtr opened) {
  index_->put(id, Place{handle, type});
  if (const auto former = opened_.find(id); former != opened_.end()) former->second.erased = false;
  if (opened) keep(id, type, std::move(opened));
}

void ObjectTable::erase(const FileId& id) {
  index_->erase(id);
  const auto opened = opened_.find(id);
  if (opened == opened_.end()) return;
  opened->second.erased = true;
  if (opened->second.pins != 0) return;
  by_age_.erase(opened->second.age);
  opened_.erase(opened);
}

Outcome<OpenObjectPtr> ObjectTable::open(const FileId& id) {
  const auto opened = opened_.find(id);
  if (opened != opened_.end()) {
    if (opened->second.pins == 0) by_age_.splice(by_age_.begin(), by_age_, opened->second.age);
    return Outcome<OpenObjectPtr>::of(opened->second.object);
  }
  const bool complete = index_->complete();
  const auto known = index_->find(id);
  if (!known) return Outcome<OpenObjectPtr>::failed(complete && !index_->complete() ? EIO : ENOENT);
  auto object = open_object(id, *known);
  if (object.ok()) keep(id, known->type, object.value);
  return object;
}

int ObjectTable::pin(const FileId& id) {
  if (const auto object = open(id); !object.ok()) return object.error;
  Opened& opened = opened_.at(id);
  if (opened.pins++ == 0) by_age_.erase(opened.age);
  return 0;
}

int ObjectTable::pin_nameless(const FileId& id, mode_t type, OpenObjectPtr opened) {
  const auto [place, inserted] = opened_.try_emplace(id);
  if (!inserted) return EEXIST;
  index_->erase(id);
  place->second.object = std::move(opened);
  place->second.type = type;
  place->second.erased = true;
  place->second.pins = 1;
  return 0;
}

void ObjectTable::unpin(const FileId& id) {
  const auto opened = opened_.find(id);
  LOCKSTEP_CHECK(opened != opened_.end() && opened->second.pins != 0, "only what was pinned is unpinned");
  if (--opened->second.pins != 0) return;
  if (opened->second.erased) {
    opened_.erase(opened);
    return;
  }
  by_age_.push_front(id);
  opened->second.age = by_age_.begin();
  forget_oldest();
}

void ObjectTable::clear() {
  by_age_.clear();
  opened_.clear();
}

Outcome<OpenObjectPtr> ObjectTable::open_object(const FileId& id, const Place& place) {
  auto opened = std::make_shared<OpenObject>();
  int flags = O_NOFOLLOW | O_NOATIME | O_NONBLOCK;
  if (S_ISREG(place.type)) {
    flags |= O_RDWR;
  } else if (S_ISDIR(place.type)) {
    flags |= O_RDONLY | O_DIRECTORY;
  } else {
    flags = O_PATH | O_NOFOLLOW;
    opened->path_only = true;
  }
  auto descriptor = open_handle(mount_, place.handle, flags);
  const bool immutable = descriptor.error == EPERM || descriptor.error == EROFS || descriptor.error == ETXTBSY;
  if (immutable && S_ISREG(place.type)) {
    descriptor = open_handle(mount_, place.handle, (flags & ~O_ACCMODE) | O_RDONLY);
  }
  if (!descriptor.ok()) {
    return descriptor.error == ESTALE ? led_astray(id) : Outcome<OpenObjectPtr>::failed(descriptor.error);
  }
  opened->descriptor = std::move(descriptor.value);
  const auto identity = read_identity(*opened);
  if (identity.error != 0) return Outcome<OpenObjectPtr>::failed(identity.error);
  if (identity.value != id) return led_astray(id);
  return Outcome<OpenObjectPtr>::of(std::move(opened));
}

// A crash may have taken a later word of the index, or somebody has moved the contents to another inode meanwhile.
Outcome<OpenObjectPtr> ObjectTable::led_astray(const FileId& id) {
  led_astray_ = true;
  erase(id);
  return Outcome<OpenObjectPtr>::failed(ENOENT);
}

bool ObjectTable::holds_identity(const ObjectHandle& handle, const FileId& id) {
  auto descriptor = open_handle(mount_, handle, O_PATH | O_NOFOLLOW);
  if (!descriptor.ok()) return false;
  const OpenObject opened{std::move(descriptor.value), true};
  const auto identity = read_identity(opened);
  return identity.ok() && identity.value == id;
}

void ObjectTable::keep(const FileId& id, mode_t type, OpenObjectPtr object) {
  const auto [place, inserted] = opened_.try_emplace(id);
  place->second.object = std::move(object);
  place->second.type = type;
  if (!inserted) return;
  by_age_.push_front(id);
  place->second.age = by_age_.begin();
  forget_oldest();
}

void ObjectTable::forget_oldest() {
  while (by_age_.size() > descriptors_max_) {
    opened_.erase(by_age_.back());
    by_age_.pop_back();
  }
}

}  // namespace lockstep::linux_io

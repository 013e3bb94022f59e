// What an application changes while a walk lists the tree: noted as it takes effect, and looked at again behind the
// walk.
#include "io/linux/volume.h"
#include "io/linux/volume_walk.h"

#include <cerrno>
#include <sys/stat.h>
#include <utility>

namespace lockstep::linux_io {

namespace {
/// How much is looked at while everything waits; more is looked at in slices first.
constexpr std::size_t settled_at_once = 64;
/// After so many rounds the application is made to wait.
constexpr int rounds_max = 16;
}  // namespace

/// Of what unlink() and rename() have found at a name they tell themselves.
void LinuxVolume::note_changes(const Operation& effect) {
  switch (effect.kind) {
    case OperationKind::rename:
      changed(effect.new_parent, effect.new_name);
      changed(effect.new_parent);
      [[fallthrough]];
    case OperationKind::unlink:
      changed(effect.parent, effect.name);
      changed(effect.parent);
      break;
    case OperationKind::create:
    case OperationKind::link:
      changed(effect.parent, effect.name);
      changed(effect.parent);
      [[fallthrough]];
    default: changed(effect.file);
  }
}

void LinuxVolume::changed(const FileId& object) {
  if (walk_ && walk_->lists) walk_->changed_objects.insert(object);
}

void LinuxVolume::changed(const FileId& directory, const std::string& name) {
  if (walk_ && walk_->lists) walk_->changed_names.emplace(directory, name);
}

// It may come from where the walk was still to go to where it has been.
void LinuxVolume::moved(const FileId& object, mode_t mode) {
  changed(object);
  if (walk_ && S_ISDIR(mode) && walk_->entered.insert(object).second) walk_->directories.push_back(object);
}

int LinuxVolume::look_again(Walk& walk) {
  if (!walk.names_again.empty()) {
    const FoundTree::Name name = std::move(walk.names_again.back());
    walk.names_again.pop_back();
    return look_again(name, walk.found);
  }
  const FileId object = walk.objects_again.back();
  walk.objects_again.pop_back();
  Manifest described;
  const int error = describe(object, described);
  walk.found.objects[object] =
      described.objects.empty() ? std::nullopt : std::optional(std::move(described.objects.front()));
  return error;
}

int LinuxVolume::look_again(const FoundTree::Name& name, FoundTree& tree) {
  tree.names[name] = FileId::none();
  const auto directory = table_->open(name.first);
  if (directory.error == ENOENT) return 0;
  if (!directory.ok()) return directory.error;
  const int fd = directory.value->fd();
  const auto found = table_->adopt(fd, name.second);
  if (found.error == ENOENT) return 0;
  if (!found.ok()) return found.error;
  Manifest described;
  if (const int error = describe_entry(fd, name.second, found.value, described); error != 0) return error;
  tree.names[name] = found.value.id;
  tree.objects[found.value.id] = std::move(described.objects.front());
  return 0;
}

// What is found while everything waits is how the tree is at this instant.
int LinuxVolume::settle_walk(Walk& walk) {
  walk.names_again.assign(walk.changed_names.begin(), walk.changed_names.end());
  walk.objects_again.assign(walk.changed_objects.begin(), walk.changed_objects.end());
  walk.changed_names.clear();
  walk.changed_objects.clear();
  const std::size_t left = walk.names_again.size() + walk.objects_again.size();
  if (left <= settled_at_once) return go_on(walk, left);
  if (++walk.rounds > rounds_max) walk.closed = true;
  return 0;
}

}  // namespace lockstep::linux_io

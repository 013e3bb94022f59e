// The walk over the whole tree: gives every object an identity, fills the table, and lists the tree for the peer.
#include "io/linux/volume.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <unordered_set>

#include <climits>

namespace lockstep::linux_io {
namespace {

/// In no order.
Outcome<std::vector<std::string>> names_in(Descriptor directory) {
  using Names = Outcome<std::vector<std::string>>;
  DIR* stream = ::fdopendir(directory.fd());
  if (stream == nullptr) return Names::failed(errno);
  directory.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  if (error != 0) return Names::failed(error);
  return Names::of(std::move(names));
}

}  // namespace

struct LinuxVolume::Walker {
  Manifest* manifest = nullptr;       ///< null: only identities and the table are wanted
  std::optional<Period> young_from;   ///< only directories as young as this are entered; nothing: all are
  std::unordered_set<FileId> listed;  ///< objects
  std::unordered_set<FileId> entered;
  std::vector<FileId> directories;  ///< still to be entered
  std::unordered_map<FileId, Place>* places = nullptr;
};

void LinuxVolume::scan(Ticket ticket) {
  settle();
  stream_broken_ = false;
  places_.clear();
  io::Scanned scanned;
  scanned.ticket = ticket;
  scanned.error = walk(&scanned.manifest);
  if (scanned.error != 0) scanned.manifest = Manifest{};
  sink_.post(std::move(scanned));
}

void LinuxVolume::survey(Ticket ticket, const SurveyRequest& request) {
  settle();
  stream_broken_ = false;
  places_.clear();
  io::Scanned scanned;
  scanned.ticket = ticket;
  scanned.error = survey(request, scanned.manifest);
  if (scanned.error != 0) scanned.manifest = Manifest{};
  sink_.post(std::move(scanned));
}

int LinuxVolume::survey(const SurveyRequest& request, Manifest& manifest) {
  Walker walker;
  walker.manifest = &manifest;
  walker.young_from = request.young_from;
  walker.directories = {FileId::staging()};
  for (const auto* list : {&request.directories, &request.objects}) {
    for (const FileId& id : *list) {
      if (walker.listed.contains(id)) continue;
      const std::size_t before = manifest.objects.size();
      if (const int error = describe(id, manifest); error != 0) return error;
      if (manifest.objects.size() == before) continue;
      walker.listed.insert(id);
      const bool directory = S_ISDIR(manifest.objects.back().attributes.mode);
      if (list == &request.directories && directory) walker.directories.push_back(id);
    }
  }
  walker.entered.insert(walker.directories.begin(), walker.directories.end());
  while (!walker.directories.empty()) {
    const FileId next = walker.directories.back();
    walker.directories.pop_back();
    if (next != FileId::staging()) manifest.listed.push_back(next);
    if (const int error = walk_directory(next, walker); error != 0) return error;
  }
  return 0;
}

/// Adds the object, if a name leads to it.
int LinuxVolume::describe(const FileId& id, Manifest& manifest) {
  const auto object = resolve(id);
  if (object.error == ENOENT) return 0;
  if (!object.ok()) return object.error;
  const auto status = status_of(*object.value);
  if (!status.ok()) return status.error;
  if (status.value.st_nlink == 0) return 0;
  ManifestObject described{id, describe_attributes(status.value), {}, {}};
  if (S_ISLNK(status.value.st_mode)) {
    auto target = link_target(id);
    if (!target.ok()) return target.error;
    described.symlink_target = std::move(target.value);
  }
  auto xattrs = attributes_of(*object.value);
  if (!xattrs.ok()) return xattrs.error;
  described.xattrs = std::move(xattrs.value);
  manifest.objects.push_back(std::move(described));
  return 0;
}

int LinuxVolume::walk(Manifest* manifest, std::unordered_map<FileId, Place>* places) {
  Walker walker;
  walker.manifest = manifest;
  walker.places = places;
  if (manifest != nullptr) {
    const auto status = status_of(*root_);
    if (!status.ok()) return status.error;
    auto xattrs = attributes_of(*root_);
    if (!xattrs.ok()) return xattrs.error;
    manifest->objects.push_back(
        {FileId::root(), describe_attributes(status.value), std::string(), std::move(xattrs.value)});
  }
  walker.directories = {FileId::staging(), FileId::root()};
  while (!walker.directories.empty()) {
    const FileId next = walker.directories.back();
    walker.directories.pop_back();
    if (const int error = walk_directory(next, walker); error != 0) return error;
  }
  indexed_ = true;
  return 0;
}

int LinuxVolume::walk_directory(const FileId& id, Walker& walker) {
  const auto directory = table_->open(id);
  if (!directory.ok()) return directory.error;
  const int fd = directory.value->fd();
  Descriptor listing(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
  if (!listing.valid()) return errno;
  auto names = names_in(std::move(listing));
  if (!names.ok()) return names.error;
  std::sort(names.value.begin(), names.value.end());
  for (std::string& name : names.value) {
    if (hidden(id, name)) continue;
    const auto found = table_->adopt(fd, name);
    if (!found.ok()) return found.error;
    const auto& [child, status] = found.value;
    const bool enter = !walker.young_from || is_young(child, *walker.young_from);
    if (S_ISDIR(status.st_mode) && enter && (!walker.young_from || walker.entered.insert(child).second)) {
      walker.directories.push_back(child);
    }
    if (walker.places != nullptr) walker.places->try_emplace(child, Place{id, name});
    if (walker.manifest == nullptr) continue;
    if (walker.listed.insert(child).second) {
      if (const int error = describe_entry(fd, name, found.value, *walker.manifest); error != 0) return error;
    }
    walker.manifest->entries.push_back({id, std::move(name), child});
  }
  return 0;
}

int LinuxVolume::describe_entry(int directory, const std::string& name, const ObjectTable::Found& found,
                                Manifest& manifest) {
  ManifestObject object{found.id, describe_attributes(found.status), {}, {}};
  if (S_ISLNK(found.status.st_mode)) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    if (size < 0) return errno;
    object.symlink_target.assign(target, 0, static_cast<std::size_t>(size));
  }
  auto xattrs = attributes_of(directory, name);
  if (!xattrs.ok()) return xattrs.error;
  object.xattrs = std::move(xattrs.value);
  manifest.objects.push_back(std::move(object));
  return 0;
}

void LinuxVolume::list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) {
  settle();
  io::Scanned scanned;
  scanned.ticket = ticket;
  scanned.error = list(directory, from, entries_max, scanned.manifest);
  if (scanned.error != 0) scanned.manifest = Manifest{};
  sink_.post(std::move(scanned));
}

int LinuxVolume::list(const FileId& id, const std::string& from, std::size_t entries_max, Manifest& manifest) {
  if (const int error = describe(id, manifest); error != 0) return error;
  if (manifest.objects.empty()) return ENOENT;
  if (!S_ISDIR(manifest.objects.front().attributes.mode)) return ENOTDIR;
  const auto directory = table_->open(id);
  if (!directory.ok()) return directory.error;
  const int fd = directory.value->fd();
  Descriptor listing(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
  if (!listing.valid()) return errno;
  auto names = names_in(std::move(listing));
  if (!names.ok()) return names.error;
  std::erase_if(names.value, [&](const std::string& name) { return name < from || hidden(id, name); });
  const std::size_t count = std::min(entries_max, names.value.size());
  const auto end = names.value.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(names.value.begin(), end, names.value.end());
  std::unordered_set<FileId> told;
  for (auto name = names.value.begin(); name != end; ++name) {
    const auto found = table_->adopt(fd, *name);
    if (!found.ok()) return found.error;
    if (told.insert(found.value.id).second) {
      if (const int error = describe_entry(fd, *name, found.value, manifest); error != 0) return error;
      manifest.objects.back().links = static_cast<std::uint32_t>(found.value.status.st_nlink);
    }
    manifest.entries.push_back({id, std::move(*name), found.value.id});
  }
  return 0;
}

}  // namespace lockstep::linux_io

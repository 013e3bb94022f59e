// Listing the tree for the peer, whole or in part.
#include "io/linux/directory_names.h"
#include "io/linux/volume.h"
#include "io/linux/volume_walk.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unordered_set>
#include <utility>

#include <climits>

namespace lockstep::linux_io {

void LinuxVolume::scan(Ticket ticket) {
  if (postponed(false, [this, ticket] { scan(ticket); })) return;
  Walk walk = whole_tree();
  walk.lists = true;
  walk.asked = {FileId::root()};
  answer_with(ticket, std::move(walk));
}

void LinuxVolume::survey(Ticket ticket, const SurveyRequest& request) {
  if (postponed(true, [this, ticket, request] { survey(ticket, request); })) return;
  Walk walk;
  walk.lists = true;
  walk.young_from = request.young_from;
  walk.asked = request.directories;
  walk.asked.insert(walk.asked.end(), request.objects.begin(), request.objects.end());
  walk.entered = {request.directories.begin(), request.directories.end()};
  walk.directories = {FileId::staging()};
  answer_with(ticket, std::move(walk));
}

void LinuxVolume::answer_with(Ticket ticket, Walk walk) {
  settle();
  stream_broken_ = false;
  places_.clear();
  begin_walk(std::move(walk), [this, ticket](Walk& ended, int error) {
    io::Scanned scanned;
    scanned.ticket = ticket;
    scanned.error = error;
    if (error == 0) scanned.manifest = std::move(ended.manifest);
    sink_.post(std::move(scanned));
  });
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
  if (postponed(true, [this, ticket, directory, from, entries_max] { list(ticket, directory, from, entries_max); })) {
    return;
  }
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
  auto names = names_in(fd);
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

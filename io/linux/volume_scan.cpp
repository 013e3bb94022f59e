// Listing the tree for the peer, whole or in part.
#include "io/linux/directory_names.h"
#include "io/linux/volume.h"
#include "io/linux/volume_walk.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <malloc.h>
#include <unordered_set>
#include <utility>

#include <boost/asio/post.hpp>
#include <climits>

namespace lockstep::linux_io {

namespace {

/// What of the first look still holds: the rest was looked at again.
Manifest still_true(Manifest part, const FoundTree& tree) {
  std::erase_if(part.objects, [&](const ManifestObject& object) { return tree.objects.contains(object.id); });
  std::erase_if(part.entries, [&](const ManifestEntry& entry) {
    return tree.names.contains({entry.parent, entry.name});
  });
  return part;
}

/// Some of what was looked at again.
Manifest take_latest(FoundTree& tree, std::size_t objects_max) {
  Manifest manifest;
  for (std::size_t i = 0; i < objects_max && !tree.objects.empty(); ++i) {
    auto found = tree.objects.extract(tree.objects.begin());
    if (found.mapped()) manifest.objects.push_back(std::move(*found.mapped()));
  }
  for (std::size_t i = 0; i < objects_max && !tree.names.empty(); ++i) {
    auto found = tree.names.extract(tree.names.begin());
    if (found.mapped() == FileId::none()) continue;
    manifest.entries.push_back({found.key().first, std::move(found.key().second), found.mapped()});
  }
  return manifest;
}

}  // namespace

void LinuxVolume::scan(Ticket ticket) {
  if (postponed(Needs::order, [this, ticket] { scan(ticket); })) return;
  Walk walk = whole_tree();
  walk.lists = true;
  walk.yields = true;
  walk.changed_objects.insert(FileId::root());
  begin_listing(std::move(walk), [this, ticket](Walk& ended, int error) {
    if (error != 0) return sink_.post(io::Scanned{ticket, error, {}});
    auto tree = std::make_shared<FoundTree>(std::move(ended.found));
    tree->parts.push_back(std::move(ended.manifest));
    Manifest root;
    root.objects.push_back(*tree->objects.at(FileId::root()));
    sink_.post(io::Scanned{ticket, 0, std::move(root), false});
    tell_in_turns(ticket, std::move(tree));
  });
}

// In slices, like the walk. What happens meanwhile comes after all of it: the first part has told the instant.
void LinuxVolume::tell_in_turns(Ticket ticket, std::shared_ptr<FoundTree> tree) {
  boost::asio::post(loop_, [this, ticket, tree = std::move(tree), alive = std::weak_ptr<bool>(alive_)]() mutable {
    if (!alive.lock()) return;
    Manifest part;
    if (!tree->parts.empty()) {
      part = still_true(std::move(tree->parts.front()), *tree);
      tree->parts.pop_front();
      if (tree->parts.empty()) tree->objects.erase(FileId::root());  // is told
    } else {
      part = take_latest(*tree, limits_.part_objects);
    }
    const bool last = tree->parts.empty() && tree->objects.empty() && tree->names.empty();
    sink_.post(io::Scanned{ticket, 0, std::move(part), last});
    if (last) return give_memory_back();
    tell_in_turns(ticket, std::move(tree));
  });
}

// The list of a large tree lies between what stays; the allocator keeps what it has been given back of it. Whoever was
// told has sent it by then.
void LinuxVolume::give_memory_back() {
  memory_timer_.expires_after(limits_.listing_sent_after);
  memory_timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
    if (error || !alive.lock()) return;
    boost::asio::post(workers_, [] { ::malloc_trim(0); });
  });
}

void LinuxVolume::survey(Ticket ticket, const SurveyRequest& request) {
  if (postponed(Needs::index, [this, ticket, request] { survey(ticket, request); })) return;
  Walk walk;
  walk.lists = true;
  walk.young_from = request.young_from;
  walk.asked = request.directories;
  walk.asked.insert(walk.asked.end(), request.objects.begin(), request.objects.end());
  walk.entered = {request.directories.begin(), request.directories.end()};
  walk.directories = {FileId::staging()};
  begin_listing(std::move(walk), [this, ticket, request](Walk& ended, int error) {
    if (error == 0 && table_->was_led_astray() && !walked_) {
      return begin_walk(whole_tree(), [this, ticket, request](Walk&, int walk_error) {
        if (walk_error == 0) return survey(ticket, request);
        sink_.post(io::Scanned{ticket, walk_error, {}});
      });
    }
    io::Scanned scanned;
    scanned.ticket = ticket;
    scanned.error = error;
    if (error == 0) scanned.manifest = std::move(ended.manifest);
    sink_.post(std::move(scanned));
  });
}

void LinuxVolume::begin_listing(Walk walk, std::function<void(Walk& walk, int error)> done) {
  settle();
  stream_broken_ = false;
  writer_->begin_anew();
  places_.clear();
  begin_walk(std::move(walk), std::move(done));
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
  if (postponed(Needs::index,
                [this, ticket, directory, from, entries_max] { list(ticket, directory, from, entries_max); })) {
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

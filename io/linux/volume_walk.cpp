// Walking over the tree: gives every object an identity, fills the table, and collects what is to be listed.
#include "io/linux/volume_walk.h"

#include "io/linux/directory_names.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {

namespace {
/// Some milliseconds' worth: heartbeats and leases must not wait for a tree of millions of files.
constexpr std::size_t slice_entries = 256;
}  // namespace

LinuxVolume::Walk LinuxVolume::whole_tree() {
  Walk walk;
  walk.directories = {FileId::staging(), FileId::root()};
  return walk;
}

int LinuxVolume::go_on(Walk& walk, std::size_t entries) {
  for (; entries != 0 && !walk.ended(); --entries) {
    int error = 0;
    if (walk.next_asked < walk.asked.size()) {
      error = describe_asked(walk.asked[walk.next_asked++], walk);
    } else if (walk.next_name < walk.names.size()) {
      error = visit(std::move(walk.names[walk.next_name++]), walk);
    } else {
      const FileId next = walk.directories.back();
      walk.directories.pop_back();
      error = enter(next, walk);
    }
    if (error != 0) return error;
  }
  return 0;
}

int LinuxVolume::describe_asked(const FileId& id, Walk& walk) {
  if (walk.listed.contains(id)) return 0;
  const std::size_t before = walk.manifest.objects.size();
  if (const int error = describe(id, walk.manifest); error != 0) return error;
  if (walk.manifest.objects.size() == before) return 0;
  walk.listed.insert(id);
  const bool directory = S_ISDIR(walk.manifest.objects.back().attributes.mode);
  if (directory && walk.entered.contains(id)) walk.directories.push_back(id);
  return 0;
}

int LinuxVolume::enter(const FileId& id, Walk& walk) {
  if (walk.young_from && id != FileId::staging()) walk.manifest.listed.push_back(id);
  auto directory = table_->open(id);
  if (!directory.ok()) return directory.error;
  auto names = names_in(directory.value->fd());
  if (!names.ok()) return names.error;
  std::sort(names.value.begin(), names.value.end());
  walk.directory = id;
  walk.open_directory = std::move(directory.value);
  walk.names = std::move(names.value);
  walk.next_name = 0;
  return 0;
}

int LinuxVolume::visit(std::string name, Walk& walk) {
  if (hidden(walk.directory, name)) return 0;
  const int fd = walk.open_directory->fd();
  const auto found = table_->adopt(fd, name);
  if (!found.ok()) return found.error;
  const auto& [child, status] = found.value;
  const bool enter = !walk.young_from || is_young(child, *walk.young_from);
  if (S_ISDIR(status.st_mode) && enter && (!walk.young_from || walk.entered.insert(child).second)) {
    walk.directories.push_back(child);
  }
  if (walk.places != nullptr) walk.places->try_emplace(child, Place{walk.directory, name});
  if (!walk.lists) return 0;
  if (walk.listed.insert(child).second) {
    if (const int error = describe_entry(fd, name, found.value, walk.manifest); error != 0) return error;
  }
  walk.manifest.entries.push_back({walk.directory, std::move(name), child});
  return 0;
}

int LinuxVolume::index_at_once() {
  Walk walk = whole_tree();
  while (!walk.ended()) {
    if (const int error = go_on(walk, slice_entries); error != 0) return error;
  }
  indexed_ = true;
  return 0;
}

void LinuxVolume::begin_walk(Walk walk, std::function<void(Walk& walk, int error)> done) {
  walk_ = std::make_unique<Walk>(std::move(walk));
  walk_->done = std::move(done);
  walk_slice();
}

void LinuxVolume::walk_slice() {
  const int error = go_on(*walk_, slice_entries);
  if (error != 0 || walk_->ended()) return end_walk(error);
  boost::asio::post(loop_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) walk_slice();
  });
}

void LinuxVolume::end_walk(int error) {
  const std::unique_ptr<Walk> ended = std::move(walk_);
  if (error == 0 && !ended->young_from) indexed_ = true;
  ended->done(*ended, error);
  while (!walk_ && !postponed_.empty()) {
    const std::function<void()> next = std::move(postponed_.front());
    postponed_.pop_front();
    next();
  }
}

bool LinuxVolume::postponed(bool needs_index, std::function<void()> call) {
  if (walk_) {
    postponed_.push_back(std::move(call));
    return true;
  }
  if (!needs_index || indexed_ || index_failed_) return false;
  begin_walk(whole_tree(), [this, call = std::move(call)](Walk&, int error) {
    index_failed_ = error != 0;
    call();
  });
  return true;
}

}  // namespace lockstep::linux_io

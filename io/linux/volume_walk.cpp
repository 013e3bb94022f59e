// Walking over the tree: gives every object an identity, fills the index, and collects what is to be listed.
#include "io/linux/volume_walk.h"

#include "io/linux/directory_names.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {

namespace {
/// About a millisecond's worth: heartbeats, leases and applications must not wait for a tree of millions of files.
constexpr std::size_t slice_entries = 32;
/// An application that changes more than can be looked at again is made to wait.
constexpr std::size_t changes_max = 1'000'000;
/// While the application works a walk rests so many times as long as it goes on, but not for longer than this.
constexpr int rest_share = 3;
constexpr std::chrono::milliseconds rest_max(20);
/// What was put off is not done all at once either.
constexpr std::chrono::milliseconds postponed_time_max(5);
}  // namespace

LinuxVolume::Walk LinuxVolume::whole_tree() {
  Walk walk;
  walk.directories = {FileId::staging(), FileId::root()};
  walk.entered = {FileId::staging(), FileId::root()};
  return walk;
}

int LinuxVolume::go_on(Walk& walk, std::size_t entries) {
  for (; entries != 0 && !walk.ended(); --entries) {
    int error = 0;
    if (walk.next_asked < walk.asked.size()) {
      error = describe_asked(walk.asked[walk.next_asked++], walk);
    } else if (walk.next_name < walk.names.size()) {
      error = visit(std::move(walk.names[walk.next_name++]), walk);
    } else if (walk.directories.empty()) {
      error = look_again(walk);
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
  if (walk.manifest.objects.size() == before) {
    walk.missed.insert(id);
    walk.entered.erase(id);
    return 0;
  }
  walk.listed.insert(id);
  const bool directory = S_ISDIR(walk.manifest.objects.back().attributes.mode);
  if (directory && walk.entered.contains(id)) walk.directories.push_back(id);
  return 0;
}

int LinuxVolume::enter(const FileId& id, Walk& walk) {
  if (walk.young_from && id != FileId::staging()) walk.manifest.listed.push_back(id);
  auto directory = table_->open(id);
  if (directory.error == ENOENT && walk.yields) return 0;  // removed meanwhile
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
  if (found.error == ENOENT && walk.yields) return 0;
  if (!found.ok()) return found.error;
  const FileId child = found.value.id;
  const struct stat& status = found.value.status;
  const bool enter = !walk.young_from || is_young(child, *walk.young_from) || walk.missed.contains(child);
  if (S_ISDIR(status.st_mode) && enter && walk.entered.insert(child).second) walk.directories.push_back(child);
  if (walk.places != nullptr) walk.places->try_emplace(child, Place{walk.directory, name});
  if (!walk.lists) return 0;
  const bool one_name = !walk.young_from && (S_ISDIR(status.st_mode) || status.st_nlink == 1);
  if (one_name || walk.listed.insert(child).second) {
    if (const int error = describe_entry(fd, name, found.value, walk.manifest); error != 0) return error;
  }
  walk.manifest.entries.push_back({walk.directory, std::move(name), child});
  if (!walk.young_from && walk.manifest.objects.size() >= limits_.part_objects) {
    walk.found.parts.push_back(std::exchange(walk.manifest, {}));
  }
  return 0;
}

int LinuxVolume::index_at_once() {
  Walk walk = whole_tree();
  while (!walk.ended()) {
    if (const int error = go_on(walk, slice_entries); error != 0) return error;
    relieve_index();
  }
  walked_over_all();
  return 0;
}

void LinuxVolume::walked_over_all() {
  walked_ = true;
  index_->set_complete();
}

void LinuxVolume::begin_walk(Walk walk, std::function<void(Walk& walk, int error)> done) {
  walk_ = std::make_unique<Walk>(std::move(walk));
  walk_->done = std::move(done);
  walk_slice();
}

void LinuxVolume::walk_slice() {
  const auto began = std::chrono::steady_clock::now();
  int error = go_on(*walk_, slice_entries);
  relieve_index();
  if (error == 0 && walk_->ended()) error = settle_walk(*walk_);
  if (error != 0 || walk_->ended()) return end_walk(error);
  if (walk_->changed_names.size() + walk_->changed_objects.size() > changes_max) walk_->closed = true;
  const bool makes_way = walk_->yields && !walk_->closed;
  if (!std::exchange(requested_, false) || !makes_way) return walk_on();
  const auto rest = (std::chrono::steady_clock::now() - began) * rest_share;
  walk_timer_.expires_after(std::min<std::chrono::steady_clock::duration>(rest, rest_max));
  walk_timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code&) {
    if (alive.lock()) walk_slice();
  });
}

void LinuxVolume::walk_on() {
  boost::asio::post(loop_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) walk_slice();
  });
}

void LinuxVolume::end_walk(int error) {
  const std::unique_ptr<Walk> ended = std::move(walk_);
  if (error == 0 && !ended->young_from) walked_over_all();
  // What the walk was for comes before what was called meanwhile.
  const bool in_its_turn = std::exchange(in_its_turn_, true);
  ended->done(*ended, error);
  in_its_turn_ = in_its_turn;
  go_on_with_postponed();
}

void LinuxVolume::go_on_with_postponed() {
  if (in_its_turn_) return;  // whoever is at it goes on
  in_its_turn_ = true;
  const auto until = std::chrono::steady_clock::now() + postponed_time_max;
  while (!postponed_.empty() && may_begin(postponed_.front().needs)) {
    if (std::chrono::steady_clock::now() >= until) {
      boost::asio::post(loop_, [this, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.lock()) go_on_with_postponed();
      });
      break;
    }
    const std::function<void()> next = std::move(postponed_.front().call);
    postponed_.pop_front();
    next();
  }
  in_its_turn_ = false;
}

bool LinuxVolume::may_begin(Needs needs) const {
  if (!answers_.empty() && needs != Needs::index_beside_fills) return false;
  return !walk_ || (needs == Needs::known_objects && walk_->yields && !walk_->closed);
}

void LinuxVolume::index() {
  if (index_->complete()) return sink_.post(io::Indexed{});
  Walk walk = whole_tree();
  walk.yields = true;
  begin_walk(std::move(walk), [this](Walk&, int error) {
    index_failed_ = error != 0;
    sink_.post(io::Indexed{});
  });
}

bool LinuxVolume::postponed(Needs needs, std::function<void()> call) {
  if (!may_begin(needs) || !(postponed_.empty() || in_its_turn_)) {
    postponed_.push_back({needs, std::move(call)});
    return true;
  }
  const bool needs_index = needs == Needs::index || needs == Needs::index_beside_fills;
  if (walk_ || !needs_index || index_->complete() || index_failed_) return false;
  begin_walk(whole_tree(), [this, call = std::move(call)](Walk&, int error) {
    index_failed_ = error != 0;
    call();
  });
  return true;
}

}  // namespace lockstep::linux_io

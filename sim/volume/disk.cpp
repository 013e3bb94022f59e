#include "sim/volume/disk.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace lockstep::sim {

namespace {

constexpr std::size_t sector_bytes = 512;

/// How much of what was not synced lands, on the whole.
enum class Luck : std::uint8_t { nothing, everything, mixed };

bool lands(Luck luck, Random& random) {
  if (luck == Luck::mixed) return random.chance(50);
  return luck == Luck::everything;
}

void mix_page(Content& result, std::size_t index, const Content& old_content, const Content& new_content, Luck luck,
              Random& random) {
  const std::uint64_t start = index * Content::page_bytes;
  if (start >= result.size()) return;
  static const Content::Page zeros{};
  const auto old_page = old_content.page(index);
  const auto new_page = new_content.page(index);
  const Content::Page& from_old = old_page ? *old_page : zeros;
  const Content::Page& from_new = new_page ? *new_page : zeros;
  Content::Page mixed = lands(luck, random) ? from_new : from_old;
  const bool torn = luck == Luck::mixed && random.one_in(4);
  for (std::size_t at = 0; torn && at < mixed.size(); at += sector_bytes) {
    std::memcpy(mixed.data() + at, (random.chance(50) ? from_new : from_old).data() + at, sector_bytes);
  }
  const std::size_t count = std::min<std::uint64_t>(mixed.size(), result.size() - start);
  result.write(start, std::span(mixed.data(), count));
}

InodeState survive(const InodeState& on_disk, const InodeState& in_memory, Luck luck, Random& random) {
  InodeState result = lands(luck, random) ? in_memory : on_disk;
  const std::size_t pages = std::max(on_disk.content.pages(), in_memory.content.pages());
  for (std::size_t i = 0; i < pages; ++i) {
    if (on_disk.content.page(i) == in_memory.content.page(i)) continue;
    mix_page(result.content, i, on_disk.content, in_memory.content, luck, random);
  }
  return result;
}

/// A new object none of whose contents landed: as its creation left it.
InodeState newborn(const InodeState& in_memory, Random& random) {
  InodeState state = in_memory;
  state.content = {};
  state.xattrs.clear();
  if (random.one_in(4)) state.id = FileId::none();  // the identity is an attribute, written after the creation
  return state;
}

}  // namespace

Disk::Disk() {
  names_on_disk_[Filesystem::root_number];
  names_on_disk_[Filesystem::staging_number];
}

void Disk::inode_created(InodeNumber number) { unsynced_[number] = {std::nullopt, 0, sequence_}; }

void Disk::inode_will_change(InodeNumber number, const InodeState& before) {
  const auto [found, first_change] = unsynced_.try_emplace(number);
  if (first_change) found->second = {before, sequence_ == 0 ? 0 : sequence_ - 1, 0};
  found->second.last_change = sequence_;
}

void Disk::names_changed(std::vector<NameChange> changes) { log_.push_back({sequence_, std::move(changes)}); }

Disk::SyncPoint Disk::sync_point(const Filesystem& filesystem, FileId file) const {
  SyncPoint point;
  const auto add = [&](InodeNumber number, const Unsynced& unsynced) {
    const auto found = filesystem.inodes().find(number);
    if (found != filesystem.inodes().end()) point.objects.push_back({number, unsynced.last_change, found->second});
  };
  if (file == FileId::none()) {
    for (const auto& [number, unsynced] : unsynced_) add(number, unsynced);
    point.names_up_to = sequence_;
    return point;
  }
  const auto number = filesystem.number_of(file);
  if (!number) return point;
  const auto unsynced = unsynced_.find(*number);
  if (unsynced != unsynced_.end()) add(*number, unsynced->second);
  for (const Logged& logged : log_) {
    for (const NameChange& change : logged.changes) {
      if (change.directory == *number) point.names_up_to = logged.sequence;
    }
  }
  return point;
}

void Disk::commit(SyncPoint point) {
  commit_names(point.names_up_to);
  for (SyncPoint::Object& object : point.objects) {
    const auto found = unsynced_.find(object.number);
    if (found == unsynced_.end()) continue;
    Unsynced& unsynced = found->second;
    if (unsynced.last_change <= object.sequence) {
      unsynced_.erase(found);
    } else if (!unsynced.on_disk || unsynced.on_disk_sequence < object.sequence) {
      unsynced.on_disk = std::move(object.state);
      unsynced.on_disk_sequence = object.sequence;
    }
  }
}

void Disk::commit_names(std::uint64_t up_to) {
  while (!log_.empty() && log_.front().sequence <= up_to) {
    for (const NameChange& change : log_.front().changes) {
      auto& entries = names_on_disk_[change.directory];
      if (change.inode == 0) {
        entries.erase(change.name);
      } else {
        entries[change.name] = change.inode;
      }
    }
    log_.pop_front();
  }
}

bool Disk::contents_durable(InodeNumber number, std::uint64_t sequence) const {
  const auto found = unsynced_.find(number);
  return found == unsynced_.end() || (found->second.on_disk && found->second.on_disk_sequence >= sequence);
}

bool Disk::names_durable(std::uint64_t sequence) const {
  return std::none_of(log_.begin(), log_.end(), [&](const Logged& logged) { return logged.sequence == sequence; });
}

std::set<InodeNumber> Disk::named_on_disk() const {
  std::set<InodeNumber> named;
  for (const auto& [directory, entries] : names_on_disk_) {
    for (const auto& [name, number] : entries) named.insert(number);
  }
  for (const Logged& logged : log_) {
    for (const NameChange& change : logged.changes) named.insert(change.inode);
  }
  return named;
}

void Disk::lose_power(Filesystem& filesystem, Random& random) {
  const Luck luck = random.pick(std::array{Luck::nothing, Luck::everything, Luck::mixed, Luck::mixed});
  const std::size_t kept = luck == Luck::nothing      ? 0
                           : luck == Luck::everything ? log_.size()
                                                      : random.below(log_.size() + 1);
  log_.resize(kept);
  commit_names(sequence_);

  std::map<InodeNumber, InodeState> states;
  for (const auto& [number, inode] : filesystem.inodes()) {
    const auto unsynced = unsynced_.find(number);
    if (unsynced == unsynced_.end()) {
      states.emplace(number, inode);
    } else {
      const auto& on_disk = unsynced->second.on_disk;
      states.emplace(number, survive(on_disk ? *on_disk : newborn(inode, random), inode, luck, random));
    }
  }
  // The objects whose last name was removed in memory only are still here: the filesystem keeps them until then.
  filesystem.replace(std::move(states), names_on_disk_);
  names_on_disk_.clear();
  for (const auto& [number, inode] : filesystem.inodes()) {
    if (inode.is_directory()) names_on_disk_[number] = inode.entries;
  }
  unsynced_.clear();
  log_.clear();
}

}  // namespace lockstep::sim

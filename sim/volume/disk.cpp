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

using Pages = std::map<std::size_t, std::shared_ptr<const Content::Page>>;

/// Whether the page in memory still is the one that a failed sync dropped, so that nobody will write it.
bool still_dropped(const Pages& dropped, std::size_t index, const Content& in_memory) {
  const auto found = dropped.find(index);
  return found != dropped.end() && found->second == in_memory.page(index);
}

InodeState survive(const InodeState& on_disk, const InodeState& in_memory, const Pages& dropped, Luck luck,
                   Random& random) {
  InodeState result = lands(luck, random) ? in_memory : on_disk;
  const std::size_t pages = std::max(on_disk.content.pages(), in_memory.content.pages());
  for (std::size_t i = 0; i < pages; ++i) {
    if (on_disk.content.page(i) == in_memory.content.page(i)) continue;
    const Luck of_page = still_dropped(dropped, i, in_memory.content) ? Luck::nothing : luck;
    mix_page(result.content, i, on_disk.content, in_memory.content, of_page, random);
  }
  return result;
}

/// What a sync of `in_memory` leaves on disk where it passes over the pages in `dropped`.
InodeState without_dropped(InodeState in_memory, const std::optional<InodeState>& on_disk, const Pages& dropped) {
  const Content before = on_disk ? on_disk->content : Content{};
  for (const auto& [index, page] : dropped) {
    const std::uint64_t start = index * Content::page_bytes;
    const std::vector<std::byte> old = before.read(start, Content::page_bytes);
    in_memory.content.zero(start, Content::page_bytes);
    if (start >= in_memory.content.size()) continue;
    const std::size_t count = std::min<std::uint64_t>(old.size(), in_memory.content.size() - start);
    in_memory.content.write(start, std::span(old).first(count));
  }
  return in_memory;
}

/// A new object none of whose contents landed: as its creation left it.
InodeState newborn(const InodeState& in_memory, bool identified) {
  InodeState state = in_memory;
  state.content = {};
  state.xattrs.clear();
  if (!identified) state.id = FileId::none();  // the identity is an attribute, written after the creation
  return state;
}

}  // namespace

Disk::Disk() {
  names_on_disk_[Filesystem::root_number];
  names_on_disk_[Filesystem::staging_number];
}

void Disk::inode_created(InodeNumber number) { unsynced_[number] = {std::nullopt, 0, sequence_, {}, 0}; }

void Disk::inode_will_change(InodeNumber number, const InodeState& before) {
  const auto [found, first_change] = unsynced_.try_emplace(number);
  if (first_change) found->second = {before, sequence_ == 0 ? 0 : sequence_ - 1, 0, {}, 0};
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
    // What was written anew since a sync dropped it is written this time.
    std::erase_if(unsynced.dropped,
                  [&](const auto& entry) { return entry.second != object.state.content.page(entry.first); });
    if (!unsynced.dropped.empty()) {
      if (unsynced.on_disk && unsynced.on_disk_sequence >= object.sequence) continue;
      unsynced.on_disk = without_dropped(std::move(object.state), unsynced.on_disk, unsynced.dropped);
      unsynced.on_disk_sequence = object.sequence;
    } else if (unsynced.last_change <= object.sequence) {
      unsynced_.erase(found);
    } else if (!unsynced.on_disk || unsynced.on_disk_sequence < object.sequence) {
      unsynced.on_disk = std::move(object.state);
      unsynced.on_disk_sequence = object.sequence;
    }
  }
}

void Disk::drop(const SyncPoint& point, Random& random) {
  for (const SyncPoint::Object& object : point.objects) {
    const auto found = unsynced_.find(object.number);
    if (found == unsynced_.end()) continue;
    Unsynced& unsynced = found->second;
    for (std::size_t i = 0; i < object.state.content.pages(); ++i) {
      auto page = object.state.content.page(i);
      // A hole is the filesystem's own record, not data that is written back.
      const bool to_be_written = page && !(unsynced.on_disk && unsynced.on_disk->content.page(i) == page);
      if (!to_be_written || still_dropped(unsynced.dropped, i, object.state.content) || random.one_in(4)) continue;
      if (unsynced.dropped.empty()) unsynced.dropped_after = unsynced.on_disk ? unsynced.on_disk_sequence : 0;
      unsynced.dropped[i] = std::move(page);
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
  if (found == unsynced_.end()) return true;
  const Unsynced& unsynced = found->second;
  if (!unsynced.dropped.empty()) return unsynced.dropped_after >= sequence;
  return unsynced.on_disk && unsynced.on_disk_sequence >= sequence;
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
  keep(filesystem, kept, [&](const Unsynced& unsynced, const InodeState& in_memory) {
    const InodeState& below = unsynced.on_disk ? *unsynced.on_disk : newborn(in_memory, !random.one_in(4));
    return survive(below, in_memory, unsynced.dropped, luck, random);
  });
}

void Disk::lose_power(Filesystem& filesystem, const Landing& landing) {
  keep(filesystem, landing.names, [&](const Unsynced& unsynced, const InodeState& in_memory) {
    if (landing.contents == Landing::Contents::everything) {
      return without_dropped(in_memory, unsynced.on_disk, unsynced.dropped);
    }
    if (unsynced.on_disk) return *unsynced.on_disk;
    return newborn(in_memory, landing.contents == Landing::Contents::nothing);
  });
}

std::vector<Landing> Disk::landings() const {
  std::vector<Landing> result;
  const bool any_new = std::any_of(unsynced_.begin(), unsynced_.end(),
                                   [](const auto& entry) { return !entry.second.on_disk.has_value(); });
  for (std::size_t names = 0; names <= log_.size(); ++names) {
    result.push_back({names, Landing::Contents::nothing});
    if (any_new && names > 0) result.push_back({names, Landing::Contents::nothing_nor_identities});
    if (!unsynced_.empty()) result.push_back({names, Landing::Contents::everything});
  }
  return result;
}

void Disk::keep(Filesystem& filesystem, std::size_t names, const Survivor& survivor) {
  log_.resize(names);
  commit_names(sequence_);

  std::map<InodeNumber, InodeState> states;
  for (const auto& [number, inode] : filesystem.inodes()) {
    const auto unsynced = unsynced_.find(number);
    if (unsynced == unsynced_.end()) {
      states.emplace(number, inode);
    } else {
      states.emplace(number, survivor(unsynced->second, inode));
    }
  }
  // The objects whose last name was removed in memory only are still here: the filesystem keeps them until then.
  filesystem.replace(std::move(states), names_on_disk_);
  begin_anew(filesystem);
}

void Disk::begin_anew(const Filesystem& filesystem) {
  names_on_disk_.clear();
  for (const auto& [number, inode] : filesystem.inodes()) {
    if (inode.is_directory()) names_on_disk_[number] = inode.entries;
  }
  unsynced_.clear();
  log_.clear();
}

}  // namespace lockstep::sim

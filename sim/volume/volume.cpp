#include "sim/volume/volume.h"

#include "sim/hash.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace lockstep::sim {

namespace {
/// A generator of its own, so that a disk in trouble draws no other numbers than a healthy one.
Random beside(Random random) { return Random(random.next() ^ 0x5851F42D4C957F2DULL); }

/// Long enough for some requests. (A resync whose walks take longer than its queue lasts begins again and again.)
constexpr Time longest_walk = 20 * one_ms;

// The wall clock shows a date in 2023 when the simulated machines are switched on.
constexpr std::int64_t epoch_ns = 1'700'000'000'000'000'000;
}  // namespace

SimVolume::SimVolume(NodeId node, Host& host, Random random, VolumeObserver& observer)
    : node_(node),
      host_(host),
      random_(random),
      observer_(observer),
      filesystem_(random_.fork(), disk_),
      tree_(random_.next() | 1U),
      trouble_random_(beside(random)),
      parts_random_(random.numbered(2)),
      overtaking_random_(random.numbered(3)) {}

std::int64_t SimVolume::wall_clock_ns() const { return epoch_ns + host_.local_now().ns + wall_clock_off_by_; }

void SimVolume::in_turn(std::function<void()> effect) {
  in_turn(Turn{std::move(effect), FileId::none(), Turn::Beside::nothing, nullptr});
}

void SimVolume::in_turn(Turn turn) {
  Time delay = random_.between(1, speed_.apply_max);
  if (random_.one_in(speed_.stall_one_in)) delay += random_.between(0, speed_.stall_max);
  last_turn_ = std::max(last_turn_ + 1, host_.now() + delay);
  ++queued_;
  turns_.push_back(std::move(turn));
  host_.at(last_turn_, [this] {
    ++due_;
    take_turns();
  });
}

void SimVolume::take_turns() {
  while (due_ > 0 && !hangs_) {
    if (turns_.front().beside == Turn::Beside::contents) overtake_contents();
    const std::function<void()> effect = std::move(turns_.front().effect);
    turns_.pop_front();
    --due_;
    --queued_;
    effect();
  }
}

// As the contract allows it: some of the new names that come behind contents are there before them. Nothing is there
// before a name that was called earlier, which may be its directory's, or before contents of a file that is not there.
void SimVolume::overtake_contents() {
  for (auto turn = turns_.begin(); turn != turns_.end() && turn->beside != Turn::Beside::nothing; ++turn) {
    if (turn->beside == Turn::Beside::contents) {
      if (filesystem_.find(turn->file) == nullptr) return;
      continue;
    }
    if (overtaking_random_.one_in(3)) return;
    if (turn->early && !std::exchange(turn->early, nullptr)()) turn->beside = Turn::Beside::nothing;
  }
}

void SimVolume::resume() {
  hangs_ = false;
  take_turns();
  for (auto& finish : std::exchange(disk_held_, {})) finish();
}

bool SimVolume::refused(const Trouble::Refusal& refusal) {
  return refusal.one_in != 0 && trouble_random_.one_in(refusal.one_in);
}

std::optional<std::size_t> SimVolume::cut_short(const Operation& operation) {
  const bool writes = operation.kind == OperationKind::write || operation.kind == OperationKind::fill;
  if (!writes || operation.data.size() < 2 || trouble_.short_write_one_in == 0) return std::nullopt;
  if (!trouble_random_.one_in(trouble_.short_write_one_in)) return std::nullopt;
  return 1 + trouble_random_.below(operation.data.size() - 1);
}

Time SimVolume::completion() {
  last_completion_ = std::max(last_completion_ + 1, host_.now() + random_.between(0, speed_.apply_max));
  return last_completion_;
}

void SimVolume::apply(Ticket ticket, const Operation& given, io::Origin origin) {
  Turn turn;
  turn.file = given.file;
  std::shared_ptr<std::optional<ApplyResult>> before_its_turn;  // null: it cannot take effect before
  const bool keeps_time = (given.attributes.mask & attribute_mtime) == 0;
  if (origin == io::Origin::stream && given.kind == OperationKind::fill && !keeps_time) {
    turn.beside = Turn::Beside::contents;
  } else if (origin == io::Origin::stream && given.kind == OperationKind::create && given.parent_mtime_ns == 0) {
    turn.beside = Turn::Beside::name;
    before_its_turn = std::make_shared<std::optional<ApplyResult>>();
    turn.early = [this, operation = given, before_its_turn] {
      if (refusals_[static_cast<std::size_t>(io::Origin::stream)] != 0) return false;
      const bool broken_before = stream_broken_;
      *before_its_turn = run(operation, io::Origin::stream, disk_.begin_operation());
      // If it fails, only what comes behind it is canceled.
      stream_broken_ = broken_before;
      return (*before_its_turn)->error == 0;
    };
  }
  turn.effect = [this, ticket, operation = given, origin, before_its_turn]() mutable {
    if (before_its_turn && *before_its_turn) {
      stream_broken_ = stream_broken_ || (*before_its_turn)->error != 0;
      return tell(ticket, **before_its_turn);
    }
    if (forgets_what_was_done_) operation.flags &= ~std::uint32_t{flag_resent};
    if (const int error = refusals_[static_cast<std::size_t>(origin)]; error != 0) {
      host_.deliver(completion(), io::Applied{ticket, error, {.kind = operation.kind}, true, 0});
      return;
    }
    const std::uint64_t sequence = disk_.begin_operation();
    if (forgets_operations_ && origin == io::Origin::stream && random_.one_in(50)) {
      host_.deliver(completion(), io::Applied{ticket, 0, operation, true, operation.data.size()});
      return;
    }
    tell(ticket, run(operation, origin, sequence));
  };
  in_turn(std::move(turn));
}

void SimVolume::tell(Ticket ticket, ApplyResult result) {
  host_.deliver(completion(),
                io::Applied{ticket, result.error, std::move(result.effect), result.replicated, result.bytes});
}

std::vector<InodeNumber> SimVolume::files_on_disk() const {
  std::vector<InodeNumber> files;
  for (const auto& [number, inode] : filesystem_.inodes()) {
    if (inode.names > 0 && inode.content.size() > 0 && disk_.clean(number)) files.push_back(number);
  }
  return files;
}

void SimVolume::rot() {
  const std::vector<InodeNumber> files = files_on_disk();
  if (files.empty()) return;
  const InodeNumber number = trouble_random_.pick(files);
  const Inode& inode = filesystem_.inode(number);
  const std::uint64_t offset = trouble_random_.below(inode.content.size());
  std::vector<std::byte> byte = inode.content.read(offset, 1);
  byte[0] ^= static_cast<std::byte>(1U << trouble_random_.below(8));
  filesystem_.scribble(number, offset, byte);
  observer_.rotted(node_, inode.id, offset, 1);
}

void SimVolume::spoil_sector() {
  constexpr std::uint64_t sector = 512;  // bytes
  const std::vector<InodeNumber> files = files_on_disk();
  if (files.empty()) return;
  const Inode& inode = filesystem_.inode(trouble_random_.pick(files));
  const std::uint64_t at = trouble_random_.below(inode.content.size());
  trouble_.unreadable.add(inode.id, at - at % sector, sector);
}

// The write is reported, but its bytes lie over those of another file.
ApplyResult SimVolume::misdirect(const Operation& operation, io::Origin origin, std::uint64_t sequence) {
  const Inode* before = filesystem_.find(operation.file);
  std::vector<std::byte> old;
  if (before != nullptr) old = before->content.read(operation.offset, operation.data.size());
  old.resize(operation.data.size());
  ApplyResult result = filesystem_.apply(operation, origin, wall_clock_ns());
  if (result.error != 0) return result;
  observer_.applied(node_, sequence, result.effect, origin, result.replicated);
  filesystem_.scribble(*filesystem_.number_of(operation.file), operation.offset, old);
  observer_.rotted(node_, operation.file, operation.offset, old.size());
  const std::vector<InodeNumber> files = files_on_disk();
  if (files.empty()) return result;
  const InodeNumber victim = trouble_random_.pick(files);
  filesystem_.scribble(victim, operation.offset, operation.data.bytes());
  observer_.rotted(node_, filesystem_.inode(victim).id, operation.offset, operation.data.size());
  return result;
}

ApplyResult SimVolume::run(const Operation& operation, io::Origin origin, std::uint64_t sequence) {
  if (trouble_.misdirected_writes > 0 && operation.kind == OperationKind::write) {
    --trouble_.misdirected_writes;
    return misdirect(operation, origin, sequence);
  }
  ApplyResult result;
  const bool of_stream = origin == io::Origin::stream;
  const Trouble::Refusal& refusal = of_stream ? trouble_.stream : trouble_.requests;
  if (of_stream && stream_broken_) {
    result.error = ECANCELED;
  } else if (refused(refusal)) {
    result.error = refusal.error;
  } else if (const auto bytes = cut_short(operation)) {
    if (of_stream) {
      result.error = ENOSPC;
    } else {
      Operation shorter = operation;
      shorter.data = operation.data.slice(0, *bytes);
      result = filesystem_.apply(shorter, origin, wall_clock_ns());
    }
  } else {
    result = filesystem_.apply(operation, origin, wall_clock_ns());
  }
  if (result.error == 0) {
    trouble_.unreadable.remove_written(result.effect);
    observer_.applied(node_, sequence, result.effect, origin, result.replicated);
  }
  if (result.error != 0 && of_stream) stream_broken_ = true;
  return result;
}

void SimVolume::sync(Ticket ticket, FileId file, bool /*data_only: allows less, never asks for it*/) {
  in_turn([this, ticket, file] {
    if (std::exchange(sync_fails_next_, false)) {
      ++failed_syncs_;
      host_.deliver(host_.now() + random_.between(1, speed_.sync_max), io::Synced{ticket, EIO});
      return;
    }
    const bool stalls = random_.one_in(speed_.sync_stall_one_in);
    const Time longest = stalls ? speed_.sync_stall_max : speed_.sync_max;
    const Time done = host_.now() + random_.between(speed_.sync_max / 20, longest);
    const Inode* synced = filesystem_.find(file);
    const bool skipped = skips_directory_sync_ && synced != nullptr && synced->is_directory();
    if (lies_about_sync_ || skipped) {
      host_.deliver(done, io::Synced{ticket, 0});
      return;
    }
    const bool fails = trouble_.failing_syncs > 0;
    if (fails) --trouble_.failing_syncs;
    auto finish = [this, ticket, fails, point = disk_.sync_point(filesystem_, file)]() mutable {
      if (fails) {
        ++failed_syncs_;
        disk_.drop(point, trouble_random_);
      } else {
        disk_.commit(std::move(point));
      }
      host_.deliver(host_.now() + 1, io::Synced{ticket, fails ? EIO : 0});
    };
    when_the_disk_is_done(done, std::move(finish));
  });
}

void SimVolume::when_the_disk_is_done(Time done, std::function<void()> finish) {
  host_.at(done, [this, finish = std::move(finish)]() mutable {
    if (hangs_) {
      disk_held_.emplace_back(std::move(finish));
    } else {
      finish();
    }
  });
}

void SimVolume::scan(Ticket ticket) {
  // What is called meanwhile takes effect before.
  if (parts_random_.one_in(2)) {
    const Time walk = parts_random_.between(0, parts_random_.one_in(4) ? longest_walk : longest_walk / 10);
    return host_.at(host_.now() + walk, [this, ticket] { scan_in_turn(ticket); });
  }
  scan_in_turn(ticket);
}

void SimVolume::scan_in_turn(Ticket ticket) {
  in_turn([this, ticket] {
    stream_broken_ = false;
    if (refused(trouble_.reads)) {
      host_.deliver(completion(), io::Scanned{ticket, trouble_.reads.error, {}});
      return;
    }
    identify_all();
    tell_in_parts(ticket, filesystem_.manifest());
  });
}

void SimVolume::begin_index() {
  const Time longest = parts_random_.one_in(8) ? 2000 * one_ms : 2 * one_ms;
  host_.deliver(host_.now() + 1 + parts_random_.between(0, longest), io::Indexed{});
}

// Where it is cut, and when the parts come, decides nothing.
void SimVolume::tell_in_parts(Ticket ticket, Manifest whole) {
  Time when = completion();
  while (true) {
    const bool last = !parts_random_.one_in(3);
    io::Scanned part{ticket, 0, {}, last};
    const auto move_some = [this, last](auto& from, auto& to) {
      const std::size_t count = last ? from.size() : parts_random_.below(from.size() + 1);
      const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
      to.assign(std::move_iterator(from.begin()), std::move_iterator(end));
      from.erase(from.begin(), end);
    };
    move_some(whole.objects, part.manifest.objects);
    move_some(whole.entries, part.manifest.entries);
    host_.deliver(when, std::move(part));
    if (last) return;
    when += 1 + parts_random_.between(0, parts_random_.one_in(10) ? speed_.stall_max : speed_.apply_max);
  }
}

void SimVolume::survey(Ticket ticket, const SurveyRequest& request) {
  in_turn([this, ticket, request] {
    stream_broken_ = false;
    if (refused(trouble_.reads)) {
      host_.deliver(completion(), io::Scanned{ticket, trouble_.reads.error, {}});
      return;
    }
    identify_all();
    host_.deliver(completion(), io::Scanned{ticket, 0, filesystem_.survey(request)});
  });
}

void SimVolume::list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) {
  in_turn([this, ticket, directory, from, entries_max] {
    io::Scanned listed{ticket, 0, {}};
    const Inode* inode = filesystem_.find(directory);
    if (refused(trouble_.reads)) {
      listed.error = trouble_.reads.error;
    } else if (inode == nullptr || inode->names == 0) {
      listed.error = ENOENT;
    } else if (!inode->is_directory()) {
      listed.error = ENOTDIR;
    } else {
      identify_all();
      listed.manifest = filesystem_.list(*inode, from, entries_max);
    }
    host_.deliver(completion(), std::move(listed));
  });
}

void SimVolume::digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t chunk_bytes) {
  in_turn([this, ticket, file, offset, length, chunk_bytes] {
    io::Digested digested{ticket, 0, {}};
    const Inode* inode = filesystem_.find(file);
    if (refused(trouble_.reads)) {
      digested.error = trouble_.reads.error;
    } else if (trouble_.unreadable.touch(file, offset, length)) {
      digested.error = EIO;
    } else if (inode == nullptr || inode->names == 0) {
      digested.error = ENOENT;
    } else if (!inode->is_regular() || chunk_bytes == 0) {
      digested.error = EINVAL;
    } else {
      const std::vector<std::byte> bytes = inode->content.read(offset, length);
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      for (std::size_t at = 0; at < text.size(); at += chunk_bytes) {
        const std::string_view chunk = text.substr(at, chunk_bytes);
        digested.digests.push_back(all_zero(std::as_bytes(std::span(chunk))) ? 0 : xxh3(chunk));
      }
    }
    host_.deliver(completion(), std::move(digested));
  });
}

void SimVolume::read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                     std::uint32_t chunk_bytes) {
  in_turn([this, ticket, file, offset, length, chunk_bytes] {
    io::RegionRead region{ticket, 0, {}, 0};
    const Inode* inode = filesystem_.find(file);
    if (refused(trouble_.reads)) {
      region.error = trouble_.reads.error;
    } else if (trouble_.unreadable.touch(file, offset, length)) {
      region.error = EIO;
    } else if (inode == nullptr || inode->names == 0) {
      region.error = ENOENT;
    } else if (!inode->is_regular()) {
      region.error = inode->is_directory() ? EISDIR : EINVAL;
    } else if (chunk_bytes == 0) {
      region.error = EINVAL;
    } else {
      add_pieces(region.pieces, offset, Buffer(inode->content.read(offset, length)), chunk_bytes);
      region.mtime_ns = inode->attributes.mtime_ns;
    }
    host_.deliver(completion(), std::move(region));
  });
}

void SimVolume::set_aside(Ticket ticket, FileId object, const Conflict& conflict) {
  in_turn([this, ticket, object, number = conflict.number] {
    int error = refusals_[static_cast<std::size_t>(io::Origin::stream)];
    const Inode* inode = filesystem_.find(object);
    if (error == 0 && (inode == nullptr || inode->names == 0)) error = ENOENT;
    if (error == 0 && refused(trouble_.reads)) error = trouble_.reads.error;
    if (error == 0 && refused(trouble_.stream)) error = trouble_.stream.error;
    const bool known = kept_.contains({number, object});
    if (error != 0 || known) return host_.deliver(completion(), io::SetAside{ticket, error});
    const bool stalls = random_.one_in(speed_.sync_stall_one_in);
    const Time longest = stalls ? speed_.sync_stall_max : speed_.sync_max;
    const Time done = host_.now() + random_.between(speed_.sync_max / 20, longest);
    if (sets_aside_early_) host_.deliver(completion(), io::SetAside{ticket, 0});
    when_the_disk_is_done(done, [this, ticket, object, number] { copy_aside(ticket, object, number); });
  });
}

// What is read last is what the copy holds: a change before the event would be in it.
void SimVolume::copy_aside(Ticket ticket, FileId object, std::uint64_t conflict) {
  const Inode* inode = filesystem_.find(object);
  const int error = inode == nullptr ? ENOENT : 0;
  if (error == 0) kept_.insert_or_assign({conflict, object}, *inode);
  if (!sets_aside_early_) host_.deliver(host_.now() + 1, io::SetAside{ticket, error});
}

void SimVolume::forget_calls() {
  queued_ = 0;
  due_ = 0;
  last_turn_ = last_completion_ = 0;
  turns_.clear();
  disk_held_.clear();
  stream_broken_ = false;
}

void SimVolume::process_ended(bool kept) {
  forget_calls();
  if (!kept) filesystem_.drop_nameless(disk_.named_on_disk());
}

void SimVolume::power_lost(Random& random) {
  forget_calls();
  failed_syncs_ = 0;
  if (landing_) {
    disk_.lose_power(filesystem_, *landing_);
    landing_.reset();
  } else {
    disk_.lose_power(filesystem_, random);
  }
}

void SimVolume::exchange(const Copy& copy) {
  std::map<InodeNumber, InodeState> states;
  std::map<InodeNumber, std::map<std::string, InodeNumber>> names;
  for (const auto& [number, inode] : copy.inodes) {
    if (inode.names == 0) continue;
    states.emplace(number, inode);
    if (inode.is_directory()) names[number] = inode.entries;
  }
  filesystem_.replace(std::move(states), names);
  disk_.begin_anew(filesystem_);
  tree_ = copy.tree;
  kept_ = copy.kept;
}

SimVolume::Copy SimVolume::blank(std::uint64_t random) {
  Disk nowhere;
  return {Filesystem(Random(random), nowhere).inodes(), random | 1U};
}

void SimVolume::identify_all() {
  disk_.begin_operation();
  // An identity counts from when it is on disk, or an object would have two in turn.
  if (filesystem_.identify_all()) settle();
}

void SimVolume::settle() { disk_.commit(disk_.sync_point(filesystem_, FileId::none())); }

}  // namespace lockstep::sim

#include "sim/volume/volume.h"

#include "sim/hash.h"

#include <algorithm>
#include <cerrno>

namespace lockstep::sim {

namespace {
// The wall clock shows a date in 2023 when the simulated machines are switched on.
constexpr std::int64_t epoch_ns = 1'700'000'000'000'000'000;
}  // namespace

SimVolume::SimVolume(NodeId node, Host& host, Random random, VolumeObserver& observer)
    : node_(node), host_(host), random_(random), observer_(observer), filesystem_(random_.fork(), disk_) {}

std::int64_t SimVolume::wall_clock_ns() const { return epoch_ns + host_.local_now().ns; }

void SimVolume::in_turn(std::function<void()> effect) {
  Time delay = random_.between(1, speed_.apply_max);
  if (random_.one_in(speed_.stall_one_in)) delay += random_.between(0, speed_.stall_max);
  last_turn_ = std::max(last_turn_ + 1, host_.now() + delay);
  ++queued_;
  host_.at(last_turn_, [this, effect = std::move(effect)] {
    --queued_;
    effect();
  });
}

Time SimVolume::completion() {
  last_completion_ = std::max(last_completion_ + 1, host_.now() + random_.between(0, speed_.apply_max));
  return last_completion_;
}

void SimVolume::apply(Ticket ticket, const Operation& operation, io::Origin origin) {
  in_turn([this, ticket, operation, origin] {
    const std::uint64_t sequence = disk_.begin_operation();
    if (forgets_operations_ && origin == io::Origin::stream && random_.one_in(50)) {
      host_.deliver(completion(), io::Applied{ticket, 0, operation, true, operation.data.size()});
      return;
    }
    ApplyResult result = filesystem_.apply(operation, origin, wall_clock_ns());
    if (result.error == 0) observer_.applied(node_, sequence, result.effect, origin, result.replicated);
    host_.deliver(completion(),
                  io::Applied{ticket, result.error, std::move(result.effect), result.replicated, result.bytes});
  });
}

void SimVolume::sync(Ticket ticket, FileId file, bool /*data_only: allows less, never asks for it*/) {
  in_turn([this, ticket, file] {
    const bool stalls = random_.one_in(speed_.sync_stall_one_in);
    const Time longest = stalls ? speed_.sync_stall_max : speed_.sync_max;
    const Time done = host_.now() + random_.between(speed_.sync_max / 20, longest);
    if (lies_about_sync_) {
      host_.deliver(done, io::Synced{ticket, 0});
      return;
    }
    host_.at(done, [this, ticket, point = disk_.sync_point(filesystem_, file)]() mutable {
      disk_.commit(std::move(point));
      host_.deliver(host_.now() + 1, io::Synced{ticket, 0});
    });
  });
}

void SimVolume::scan(Ticket ticket) {
  in_turn([this, ticket] {
    identify_all();
    host_.deliver(completion(), io::Scanned{ticket, 0, filesystem_.manifest()});
  });
}

void SimVolume::digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t chunk_bytes) {
  in_turn([this, ticket, file, offset, length, chunk_bytes] {
    io::Digested digested{ticket, 0, {}};
    const Inode* inode = filesystem_.find(file);
    if (inode == nullptr) {
      digested.error = ENOENT;
    } else if (!inode->is_regular() || chunk_bytes == 0) {
      digested.error = EINVAL;
    } else {
      const std::vector<std::byte> bytes = inode->content.read(offset, length);
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      for (std::size_t at = 0; at < text.size(); at += chunk_bytes) {
        digested.digests.push_back(xxh3(text.substr(at, chunk_bytes)));
      }
    }
    host_.deliver(completion(), std::move(digested));
  });
}

void SimVolume::read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length) {
  in_turn([this, ticket, file, offset, length] {
    io::RegionRead region{ticket, 0, {}, 0};
    const Inode* inode = filesystem_.find(file);
    if (inode == nullptr || inode->names == 0) {
      region.error = ENOENT;
    } else if (!inode->is_regular()) {
      region.error = inode->is_directory() ? EISDIR : EINVAL;
    } else {
      region.data = Buffer(inode->content.read(offset, length));
      region.mtime_ns = inode->attributes.mtime_ns;
    }
    host_.deliver(completion(), std::move(region));
  });
}

void SimVolume::process_ended() {
  queued_ = 0;
  filesystem_.drop_nameless(disk_.named_on_disk());
}

void SimVolume::power_lost(Random& random) {
  queued_ = 0;
  disk_.lose_power(filesystem_, random);
}

void SimVolume::identify_all() {
  disk_.begin_operation();
  // An identity counts from when it is on disk, or an object would have two in turn.
  if (filesystem_.identify_all()) settle();
}

void SimVolume::settle() { disk_.commit(disk_.sync_point(filesystem_, FileId::none())); }

}  // namespace lockstep::sim

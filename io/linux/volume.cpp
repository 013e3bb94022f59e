// Construction, dispatch, syncs, and the lazily set modification times of the stream.
#include "io/linux/volume.h"

#include "engine/values/check.h"
#include "io/linux/volume_walk.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/xattr.h>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {

using io::Origin;

namespace {

/// Returns errno.
int sync_filesystem(int fd, ObjectIndex& index) {
  const auto written = index.write_out();
  if (::syncfs(fd) != 0) {
    const int error = errno;
    index.distrust();
    return error;
  }
  if (written.every) index.mark_complete();
  return written.error;
}

}  // namespace

LinuxVolume::LinuxVolume(boost::asio::io_context& loop, boost::asio::thread_pool& workers, io::EventSink& sink,
                         Descriptor raw_directory, VolumeLimits limits)
    : loop_(loop),
      workers_(workers),
      sink_(sink),
      limits_(limits),
      root_(std::make_shared<OpenObject>(OpenObject{std::move(raw_directory), false})),
      walk_timer_(loop),
      memory_timer_(loop),
      settle_timer_(loop),
      alive_(std::make_shared<bool>(true)) {
  writer_ = make_writer();
}

LinuxVolume::~LinuxVolume() = default;

std::string LinuxVolume::prepare() {
  const auto root = status_of(*root_);
  if (!root.ok()) return std::string("the directory cannot be used: ") + std::strerror(root.error);
  const auto handle = handle_of(root_->fd(), "");
  if (!handle.ok()) {
    return std::string("the filesystem has no persistent file handles (ext4 and XFS have): ") +
           std::strerror(handle.error);
  }
  table_ = std::make_unique<ObjectTable>(root_->fd(), root.value.st_dev, limits_.descriptors_max, index_);
  table_->insert(FileId::root(), handle.value, S_IFDIR, root_);
  table_->pin(FileId::root());
  if (const int error = prepare_staging(); error != 0) {
    return std::string("the filesystem cannot hold Lockstep's directory with its attributes: ") + std::strerror(error);
  }
  return {};
}

int LinuxVolume::prepare_staging() {
  const auto root_before = status_of(*root_);
  if (!root_before.ok()) return root_before.error;
  if (::mkdirat(root_->fd(), staging_name, 0700) == 0) {
    // The root's own time belongs to the application.
    const int error = change_times(*root_, {0, UTIME_OMIT}, root_before.value.st_mtim);
    if (error != 0) return error;
  } else if (errno != EEXIST) {
    return errno;
  }
  Descriptor staging(::openat(root_->fd(), staging_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC));
  if (!staging.valid()) return errno;
  const auto handle = handle_of(staging.fd(), "");
  if (!handle.ok()) return handle.error;
  auto object = std::make_shared<OpenObject>(OpenObject{std::move(staging), false});
  // Whether attributes of the trusted namespace can be kept shows now too, not in the middle of a takeover.
  if (const int error = identify_tree(*object); error != 0) return error;
  index_->open(object->fd(), tree_);
  table_->insert(FileId::staging(), handle.value, S_IFDIR, std::move(object));
  if (const int error = table_->pin(FileId::staging()); error != 0) return error;
  return prepare_conflicts();
}

int LinuxVolume::prepare_conflicts() {
  const auto root_before = status_of(*root_);
  if (!root_before.ok()) return root_before.error;
  if (const int error = conflicts_->open(root_->fd()); error != 0) return error;
  const auto root_after = status_of(*root_);
  const bool made = nanoseconds(root_after.value.st_mtim) != nanoseconds(root_before.value.st_mtim);
  return made ? change_times(*root_, {0, UTIME_OMIT}, root_before.value.st_mtim) : 0;
}

int LinuxVolume::identify_tree(const OpenObject& staging) {
  constexpr const char* attribute = "trusted.lockstep.tree";
  if (::fgetxattr(staging.fd(), attribute, &tree_, sizeof tree_) == sizeof tree_) return 0;
  std::random_device random;
  tree_ = (std::uint64_t{random()} << 32U | random()) | 1U;
  if (const int error = set_attribute(staging, attribute, &tree_, sizeof tree_, 0); error != 0) return error;
  return ::fsync(staging.fd()) == 0 ? 0 : errno;
}

void LinuxVolume::close() {
  settle_timer_.cancel();
  walk_timer_.cancel();
  memory_timer_.cancel();
  alive_.reset();
  writer_.reset();
  answers_.clear();
  walk_.reset();
  postponed_.clear();
  conflicts_->stop();
  conflicts_.reset();
  unsettled_.clear();
  unsynced_.clear();
  if (table_) table_->clear();
  index_->hand_over();
  // It waits for the disk, which may hang.
  boost::asio::post(workers_, [index = std::move(index_)] { index->close(); });
}

Outcome<OpenObjectPtr> LinuxVolume::resolve(const FileId& id) {
  auto object = table_->open(id);
  if (object.error == ENOENT && recall_) {
    const auto place = recall_(id);
    if (place && table_->recall(id, *place)) return table_->open(id);
  }
  const bool sought = index_->complete() || (walk_ && !walk_->young_from);
  if (object.ok() || object.error != ENOENT || sought) return object;
  if (const int error = index_at_once(); error != 0) return Outcome<OpenObjectPtr>::failed(error);
  return table_->open(id);
}

Outcome<OpenObjectPtr> LinuxVolume::resolve_directory(const FileId& id) {
  auto object = resolve(id);
  if (object.ok() && !S_ISDIR(table_->type_of(id))) {
    return Outcome<OpenObjectPtr>::failed(ENOTDIR);
  }
  return object;
}

void LinuxVolume::apply(Ticket ticket, const Operation& operation, Origin origin) {
  // What an application asks about it has looked up before.
  const bool beside = goes_beside_fills(operation, origin);
  const Needs needs = beside                     ? Needs::index_beside_fills
                      : origin == Origin::stream ? Needs::index
                                                 : Needs::known_objects;
  requested_ = requested_ || origin == Origin::application;
  if (postponed(needs, [this, ticket, operation, origin] { apply(ticket, operation, origin); })) return;
  if (beside && operation.kind == OperationKind::fill) {
    if (fill_beside(ticket, operation)) return;
    if (!stream_broken_ && !answers_.empty()) return apply_behind_fills(ticket, operation);
  }
  // A request must not be followed by an older time of the stream.
  if (origin == Origin::application && !unsettled_.empty()) settle();
  if (!places_.empty()) places_ = {};
  io::Applied result;
  result.ticket = ticket;
  result.effect = operation;
  result.effect.flags &= ~static_cast<std::uint32_t>(flag_resent);
  const bool follows_gap = origin == Origin::stream && stream_broken_;
  result.error = follows_gap ? ECANCELED : run(operation, origin, result);
  if (!follows_gap) note_unsynced(result.effect);
  // Nothing of it has taken effect. The peer has found the object: so the index lacks one.
  if (result.error == ENOENT && origin == Origin::stream && !walked_) {
    if (!answers_.empty()) return apply_behind_fills(ticket, operation);
    return begin_walk(whole_tree(), [this, ticket, operation](Walk&, int error) {
      if (error == 0) return apply(ticket, operation, Origin::stream);
      stream_broken_ = true;
      answer(io::Applied{ticket, error, operation});
    });
  }
  relieve_index();
  if (walk_) note_changes(result.effect);
  if (result.error != 0 && origin == Origin::stream) stream_broken_ = true;
  answer(std::move(result));
}

bool LinuxVolume::is_resent(const Operation& operation, Origin origin) {
  return origin == Origin::application && (operation.flags & flag_resent) != 0;
}

int LinuxVolume::run(const Operation& operation, Origin origin, io::Applied& result) {
  switch (operation.kind) {
    case OperationKind::create: return create(operation, origin, result);
    case OperationKind::link: return link(operation, origin, result);
    case OperationKind::unlink: return unlink(operation, origin, result);
    case OperationKind::rename: return rename(operation, origin, result);
    case OperationKind::write: return write(operation, origin, result);
    case OperationKind::set_attributes: return set_attributes(operation, origin, result);
    case OperationKind::allocate: return allocate(operation, origin, result);
    case OperationKind::set_xattr: return set_xattr(operation, origin, result);
    case OperationKind::remove_xattr: return remove_xattr(operation, origin, result);
    case OperationKind::identify: return origin == Origin::stream ? identify(operation) : EINVAL;
    case OperationKind::fill: return origin == Origin::stream ? fill(operation) : EINVAL;
    case OperationKind::sync:
    case OperationKind::filled: break;
  }
  LOCKSTEP_CHECK(false, "only operations that change the tree are applied");
  return EINVAL;
}

void LinuxVolume::sync(Ticket ticket, FileId file, bool data_only) {
  if (postponed(Needs::known_objects, [this, ticket, file, data_only] { sync(ticket, file, data_only); })) return;
  if (data_only && sync_contents(ticket, file)) return;
  OpenObjectPtr object = root_;
  int error = 0;
  if (file == FileId::none()) {
    settle();
  } else {
    if (!data_only) settle_one(file);
    auto resolved = resolve(file);
    error = resolved.error;
    object = std::move(resolved.value);
    // A fifo, socket, device or symbolic link has no data; its inode goes out with everything else.
    if (error == 0 && object->path_only) {
      object = root_;
      file = FileId::none();
    }
  }
  if (error != 0) {
    if (error != ENOENT) sync_failed_();
    sink_.post(io::Synced{ticket, error});
    return;
  }
  if (file == FileId::none()) {
    index_->hand_over();
    begin_sync(ticket, file,
               [root = std::move(object), index = index_] { return sync_filesystem(root->fd(), *index); });
  } else {
    begin_sync(ticket, file, [object = std::move(object), data_only] {
      return (data_only ? ::fdatasync(object->fd()) : ::fsync(object->fd())) == 0 ? 0 : errno;
    });
  }
}

/// Where nothing but the contents of few files has changed since everything was on the disk, these are all there is to
/// bring there. Returns whether it is so; Synced follows then.
bool LinuxVolume::sync_contents(Ticket ticket, const FileId& file) {
  const std::uint64_t given = table_->identities_given();
  if (std::exchange(identities_given_, given) != given) note_unsynced({.kind = OperationKind::identify});
  if (!unsynced_.few_contents()) return false;
  std::vector<OpenObjectPtr> files;
  for (const auto& [id, object] : unsynced_.files()) {
    if (file == FileId::none() || id == file) files.push_back(object);
  }
  if (files.empty()) {
    sink_.post(io::Synced{ticket, 0});
    return true;
  }
  begin_sync(ticket, file, [files = std::move(files)] {
    int error = 0;
    for (const OpenObjectPtr& each : files) {
      if (::fdatasync(each->fd()) != 0 && error == 0) error = errno;
    }
    return error;
  });
  return true;
}

void LinuxVolume::note_unsynced(const Operation& operation) {
  unsynced_.changed(operation, [this](const FileId& file) {
    const auto object = table_->open(file);
    return object.ok() && !object.value->path_only ? object.value : nullptr;
  });
}

/// `wait_for_disk` returns errno; `file`: none where it brings everything there.
void LinuxVolume::begin_sync(Ticket ticket, const FileId& file, std::function<int()> wait_for_disk) {
  boost::asio::post(workers_, [this, ticket, file, wait_for_disk = std::move(wait_for_disk), covered = unsynced_.now(),
                               failed = sync_failed_, alive = std::weak_ptr<bool>(alive_), &loop = loop_] {
    const int error = wait_for_disk();
    if (error != 0) failed();
    boost::asio::post(loop, [this, ticket, file, error, covered, alive] {
      if (!alive.lock()) return;
      if (error == 0) {
        unsynced_.synced(file, covered);
      } else {
        unsynced_.failed();
      }
      sink_.post(io::Synced{ticket, error});
    });
  });
}

/// An application that goes on for long without a sync of everything must not fill the memory.
void LinuxVolume::relieve_index() {
  if (!index_->swells()) return;
  index_->hand_over();
  boost::asio::post(workers_, [index = index_, failed = sync_failed_] {
    if (index->write_out().error != 0) failed();
  });
}

void LinuxVolume::settle() {
  finish_fills();
  settle_times();
}

void LinuxVolume::settle_times() {
  const auto owed = std::exchange(unsettled_, {});
  for (const auto& [id, mtime_ns] : owed) {
    // An object that is gone by now needs no time any more; an inode that refuses one is found by verify.
    if (const auto object = table_->open(id); object.ok()) {
      change_times(*object.value, {0, UTIME_OMIT}, to_timespec(mtime_ns));
    }
  }
}

void LinuxVolume::settle_one(const FileId& id) {
  const auto owed = unsettled_.find(id);
  if (owed == unsettled_.end()) return;
  const timespec mtime = to_timespec(owed->second);
  unsettled_.erase(owed);
  if (const auto object = table_->open(id); object.ok()) change_times(*object.value, {0, UTIME_OMIT}, mtime);
}

void LinuxVolume::owe_mtime(const FileId& id, std::int64_t mtime_ns) {
  unsettled_[id] = mtime_ns;
  if (unsettled_.size() >= limits_.unsettled_max) {
    settle_times();
    return;
  }
  if (settle_armed_) return;
  settle_armed_ = true;
  settle_timer_.expires_after(limits_.settle_after);
  settle_timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
    if (!alive.lock()) return;
    settle_armed_ = false;
    if (!error) settle_times();
  });
}

}  // namespace lockstep::linux_io

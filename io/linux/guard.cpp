#include "io/linux/guard.h"

#include "io/linux/guard_mounts.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

#include <climits>

namespace lockstep::linux_io {
namespace {

/// More of Lockstep's mounts than this on one directory are no accident of crashes.
constexpr int layers_max = 64;

std::string failure(const std::string& what, const std::string& path) {
  return what + " " + path + ": " + std::strerror(errno);
}

}  // namespace

Guard::Guard(std::string directory) : path_(std::move(directory)) {}

std::string Guard::raise() {
  if (auto text = resolve_path(); !text.empty()) return text;
  if (auto text = uncover(); !text.empty()) return text;
  directory_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.valid()) return failure("cannot open", path_);
  constexpr unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount(guard_source, path_.c_str(), "tmpfs", flags, "mode=000,size=4k,nr_inodes=2") != 0) {
    return failure("cannot mount the guard over", path_);
  }
  const auto top = top_mount(path_);
  if (!top || !top->is_guard()) return "the guard over " + path_ + " is not on top: something mounts there too";
  return {};
}

std::string Guard::take_up(Descriptor directory, int device, const std::string& module) {
  if (auto text = resolve_path(); !text.empty()) return text;
  const auto mounts = read_mounts();
  const auto with_id = [&](std::uint64_t id) {
    return std::find_if(mounts.begin(), mounts.end(), [&](const MountEntry& each) { return each.id == id; });
  };
  const auto top = top_mount(path_);
  if (!top || !top->is_lockstep_fuse() || top->source != fuse_source(module)) {
    return "the mount of module " + module + " is not on top of " + path_;
  }
  if (const auto connection = fuse_connection_of(device); connection && *connection != minor(top->device)) {
    return "the mount on " + path_ + " is not the one that was kept";
  }
  const auto guard = with_id(top->parent);
  if (guard == mounts.end() || !guard->is_guard() || guard->point != path_) return "no guard lies over " + path_;
  char place[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(directory.fd());
  const ssize_t size = ::readlink(link.c_str(), place, sizeof place);
  if (guard->parent != mount_of(directory.fd()) || size < 0 ||
      std::string(place, static_cast<std::size_t>(size)) != path_) {
    return "the directory that was kept is not " + path_;
  }
  directory_ = std::move(directory);
  was_guarded_ = true;
  return {};
}

Descriptor Guard::directory() const { return Descriptor(::fcntl(directory_.fd(), F_DUPFD_CLOEXEC, 0)); }

std::string Guard::end_mount(const std::string& module) {
  const auto mounts = read_mounts();
  const auto is_its = [&](const MountEntry& each) {
    return each.is_lockstep_fuse() && each.source == fuse_source(module);
  };
  if (std::none_of(mounts.begin(), mounts.end(), is_its)) return {};  // wherever the directory has gone
  if (auto text = resolve_path(); !text.empty()) return text;
  const auto top = top_mount(path_);
  if (!top || !is_its(*top)) return {};
  return detach(MNT_FORCE);
}

std::string Guard::release() {
  directory_.reset();
  return uncover();
}

/// Resolves the parent only: the directory itself may be a dead mount, which cannot be looked at.
std::string Guard::resolve_path() {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  const auto slash = path_.rfind('/');
  if (slash == std::string::npos || path_.size() == 1) return "not an absolute path of a directory: " + path_;
  const std::string name = path_.substr(slash + 1);
  const std::string parent = slash == 0 ? "/" : path_.substr(0, slash);
  if (name == "." || name == "..") return "not a plain path: " + path_;
  char resolved[PATH_MAX];
  if (::realpath(parent.c_str(), resolved) == nullptr) return failure("cannot find", parent);
  path_ = std::string(resolved) == "/" ? "/" + name : std::string(resolved) + "/" + name;
  return {};
}

std::string Guard::uncover() {
  for (int layer = 0; layer < layers_max; ++layer) {
    const auto top = top_mount(path_);
    if (!top || (!top->is_lockstep_fuse() && !top->is_guard())) return {};
    was_guarded_ = was_guarded_ || top->is_guard();
    // A dead FUSE mount is busy for as long as anybody has a descriptor on it: detached, it goes with them.
    // One that is not dead but has nobody who serves it is aborted, so that whoever waits in it can end.
    if (auto text = detach(top->is_lockstep_fuse() ? MNT_FORCE : 0); !text.empty()) return text;
  }
  return "too many old mounts on " + path_;
}

std::string Guard::detach(int force) {
  const bool detached = ::umount2(path_.c_str(), force | MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
  return detached ? std::string() : failure("cannot detach what covers", path_);
}

}  // namespace lockstep::linux_io

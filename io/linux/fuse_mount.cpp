#include "io/linux/fuse_mount.h"

#include "engine/values/check.h"
#include "io/linux/guard_mounts.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

namespace lockstep::linux_io {
namespace {

/// What is forbidden beneath stays forbidden above.
unsigned long mount_flags(const struct statvfs& space) {
  unsigned long flags = 0;
  if ((space.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((space.f_flag & ST_NODEV) != 0) flags |= MS_NODEV;
  if ((space.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  return flags;
}

}  // namespace

FuseMount::FuseMount(const FuseEnvironment& environment, FuseMountOptions options, std::optional<HeldMount> held)
    : environment_(environment),
      options_(std::move(options)),
      held_(std::move(held)),
      keeping_{options_.keeper, options_.module},
      kept_(held_ && options_.keeper != nullptr) {}

FuseMount::~FuseMount() {
  if (session_) detach();
}

void FuseMount::open() {
  LOCKSTEP_CHECK(!session_, "a mount is opened only while closed");
  if (held_) return take_up();
  Descriptor device(::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device.valid()) {
    environment_.sink.post(io::MountOpened{std::string("cannot open /dev/fuse: ") + std::strerror(errno)});
    return;
  }
  auto state = FuseState::fresh();
  if (!state.ok()) {
    environment_.sink.post(io::MountOpened{std::string("no memory for the mount: ") + std::strerror(state.error)});
    return;
  }
  if (std::string text = mount_device(device.fd()); !text.empty()) {
    environment_.sink.post(io::MountOpened{std::move(text)});
    return;
  }
  kept_ = keep(device.fd(), state.value.fd());
  session_ = make_session(std::move(device), std::move(state.value), kept_ ? keeping_ : FuseKeeping{});
  session_->start();
}

std::shared_ptr<FuseSession> FuseMount::make_session(Descriptor device, FuseState state, FuseKeeping keeping) {
  auto opening = std::make_shared<bool>(true);
  FuseSession::Callbacks callbacks;
  callbacks.ready = [this, opening] {
    *opening = false;
    if (!session_->can_be_taken_up()) let_go();
    environment_.sink.post(io::MountOpened{});
  };
  callbacks.lost = [this, opening](const std::string& why) {
    detach();
    if (*opening) {
      environment_.sink.post(io::MountOpened{"the FUSE connection failed: " + why});
    } else if (options_.lost) {
      options_.lost(why);
    }
  };
  return std::make_shared<FuseSession>(environment_, std::move(device), std::move(state), std::move(keeping),
                                       last_request_, std::move(callbacks));
}

void FuseMount::take_up() {
  std::string why = check_held();
  std::optional<FuseState> state;
  if (why.empty()) state = FuseState::take_over(std::move(held_->state), why);
  if (!state) {
    detach();
    environment_.sink.post(io::MountOpened{"the mount of an earlier process cannot be taken up: " + why});
    return;
  }
  HeldMount held = std::move(*held_);
  held_.reset();
  const auto session = make_session(std::move(held.device), std::move(*state), keeping_);
  session_ = session;
  session->take_up(std::move(held.files));
}

/// What stands in the way of going on with it, or an empty text.
std::string FuseMount::check_held() const {
  const int fds[] = {held_->device.fd(), held_->state.fd()};
  for (const int fd : fds) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return std::string("it was not kept: ") + std::strerror(errno);
  }
  pollfd state{held_->device.fd(), POLLIN, 0};
  if (::poll(&state, 1, 0) < 0 || (state.revents & (POLLERR | POLLNVAL)) != 0) return "its connection has ended";
  const auto top = top_mount(options_.path);
  const bool ours = top && top->is_lockstep_fuse() && top->source == fuse_source(options_.module);
  return ours ? "" : "it is not mounted on " + options_.path + " any more";
}

/// Whether both are kept; then they stay so until let_go().
bool FuseMount::keep(int device, int state) {
  if (options_.keeper == nullptr) return false;
  // Without its state a device is of no use.
  if (!options_.keeper->keep(keeping_.state_name(), state)) return false;
  if (options_.keeper->keep(keeping_.device_name(), device)) return true;
  options_.keeper->drop(keeping_.state_name());
  return false;
}

/// Before anything of it ends: no other life must find what has.
void FuseMount::let_go() {
  if (std::exchange(kept_, false)) {
    options_.keeper->drop(keeping_.device_name());
    options_.keeper->drop(keeping_.state_name());
    if (held_) {
      for (const HeldFile& file : held_->files) options_.keeper->drop(keeping_.file_name(file.id));
    }
  }
  if (session_) session_->stop_keeping();
  held_.reset();
}

std::string FuseMount::mount_device(int device) const {
  const auto root = environment_.volume.status(FileId::root());
  const auto space = environment_.volume.space();
  if (!root.ok() || !space.ok()) {
    return std::string("cannot look at the directory: ") + std::strerror(root.ok() ? space.error : root.error);
  }
  char options[160];
  std::snprintf(options, sizeof options, "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other",
                device, root.value.st_mode & S_IFMT);
  const std::string source = fuse_source(options_.module);
  if (::mount(source.c_str(), options_.path.c_str(), fuse_type, mount_flags(space.value), options) != 0) {
    return "cannot mount FUSE on " + options_.path + ": " + std::strerror(errno);
  }
  return {};
}

void FuseMount::close() {
  if (session_ || held_) detach();
  environment_.sink.post(io::MountClosed{});
}

/// First the connection is aborted, then the mount goes: the other way round, the kernel could wait here for
/// write-back that only this thread can serve.
void FuseMount::detach() {
  let_go();
  const auto session = std::exchange(session_, nullptr);
  if (session) session->end();
  const auto ours = [&] {
    const auto top = top_mount(options_.path);
    return top && top->is_lockstep_fuse();
  };
  if (!ours()) return;
  // Aborts even if a process just being started still shares the device's descriptor.
  ::umount2(options_.path.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW);
  if (ours()) ::umount2(options_.path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

void FuseMount::reply(RequestId request, const io::Reply& reply) {
  if (session_) session_->reply(request, reply);
}

bool FuseMount::poll() {
  const auto session = session_;
  return session && session->poll();
}

}  // namespace lockstep::linux_io

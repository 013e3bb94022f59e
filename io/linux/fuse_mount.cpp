#include "io/linux/fuse_mount.h"

#include "engine/values/check.h"
#include "io/linux/guard_mounts.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
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

FuseMount::FuseMount(const FuseEnvironment& environment, FuseMountOptions options)
    : environment_(environment), options_(std::move(options)) {}

FuseMount::~FuseMount() {
  if (session_) detach();
}

void FuseMount::open() {
  LOCKSTEP_CHECK(!session_, "a mount is opened only while closed");
  Descriptor device(::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device.valid()) {
    environment_.sink.post(io::MountOpened{std::string("cannot open /dev/fuse: ") + std::strerror(errno)});
    return;
  }
  if (std::string text = mount_device(device.fd()); !text.empty()) {
    environment_.sink.post(io::MountOpened{std::move(text)});
    return;
  }
  auto opening = std::make_shared<bool>(true);
  FuseSession::Callbacks callbacks;
  callbacks.ready = [this, opening] {
    *opening = false;
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
  session_ = std::make_shared<FuseSession>(environment_, std::move(device), last_request_, std::move(callbacks));
  session_->start();
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
  const std::string source = "lockstep:" + options_.module;
  if (::mount(source.c_str(), options_.path.c_str(), fuse_type, mount_flags(space.value), options) != 0) {
    return "cannot mount FUSE on " + options_.path + ": " + std::strerror(errno);
  }
  return {};
}

void FuseMount::close() {
  if (session_) detach();
  environment_.sink.post(io::MountClosed{});
}

/// First the connection is aborted, then the mount goes: the other way round, the kernel could wait here for
/// write-back that only this thread can serve.
void FuseMount::detach() {
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

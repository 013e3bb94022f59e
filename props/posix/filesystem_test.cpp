// The filesystem as a whole: statfs(2), notifications, and what only a filesystem of its own kind can do.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Filesystem, Statistics) {
  both([](Scene& s) {
    struct statvfs space {};
    s.done("statvfs", ::statvfs(".", &space));
    s.note("block size", static_cast<long>(space.f_bsize));
    s.note("fragment size", static_cast<long>(space.f_frsize));
    s.note("blocks", static_cast<long>(space.f_blocks));
    s.note("inodes are counted", space.f_files > 0 ? "yes" : "no");
    s.note("longest name", static_cast<long>(space.f_namemax));
    s.note("read only", static_cast<long>(space.f_flag & ST_RDONLY));
    const auto before = static_cast<std::int64_t>(space.f_bfree);
    const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR, 0644));
    s.done("allocate", ::fallocate(file, 0, 0, 16 << 20));
    s.done("fsync", ::fsync(file));
    s.done("fstatvfs", ::fstatvfs(file, &space));
    const auto used = (before - static_cast<std::int64_t>(space.f_bfree)) * static_cast<std::int64_t>(space.f_frsize);
    s.require("what is allocated is not free", used >= 15 << 20 && used < 32 << 20);
    s.done("free it", ::ftruncate(file, 0));
    ::close(file);
  });
}

TEST(Filesystem, Notifications) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("mkdir", ::mkdir("dir", 0755));
    const int queue = s.opened("inotify", ::inotify_init1(IN_NONBLOCK));
    s.done("watch", ::inotify_add_watch(queue, ".", IN_ALL_EVENTS));
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("write", ::write(file, "T", 1));
    s.done("truncate", ::ftruncate(file, 0));
    ::close(file);
    s.done("chmod", ::chmod("file", 0600));
    s.done("rename", ::rename("file", "moved"));
    s.done("link", ::link("moved", "linked"));
    s.done("unlink", ::unlink("moved"));
    s.make("dir/file");
    s.make("new");
    s.done("rmdir", ::rmdir("dir") == -1 ? 0 : 1);
    alignas(inotify_event) std::array<char, 16384> events{};
    const ssize_t size = ::read(queue, events.data(), events.size());
    for (ssize_t at = 0; at < size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(events.data() + at);
      s.note(event.len != 0 ? event.name : "itself", event.mask);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
    ::close(queue);
  });
}

TEST(Filesystem, Status) {
  both([](Scene& s) {
    s.make("file", "text");
    struct statx status {};
    s.done("statx", ::statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS | STATX_BTIME, &status));
    s.require("every basic field", (status.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    s.require("a time of birth beside only", ((status.stx_mask & STATX_BTIME) != 0) != s.on_mount());
    s.note("block size", status.stx_blksize);
  });
}

TEST(Filesystem, Handles) {
  both([](Scene& s) {
    s.make("file", "text");
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
    auto* const handle = reinterpret_cast<file_handle*>(room.data());
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    s.done("name_to_handle_at", ::name_to_handle_at(AT_FDCWD, "file", handle, &mount, 0));
    const int directory = s.opened("open", ::open(".", O_RDONLY | O_DIRECTORY));
    const int file = s.opened("open_by_handle_at", ::open_by_handle_at(directory, handle, O_RDONLY));
    s.contents(file);
    ::close(file);
    ::close(directory);
  });
}

/// A mount's ioctls would have to be replicated one by one.
TEST(Filesystem, FileAttributesAreRefused) {
  both([](Scene& s) {
    s.make("file", "text");
    const int file = s.opened("open", ::open("file", O_RDWR));
    int flags = 0;
    s.documented(ENOTTY, "lsattr", ::ioctl(file, FS_IOC_GETFLAGS, &flags));
    s.documented(ENOTTY, "chattr", ::ioctl(file, FS_IOC_SETFLAGS, &flags));
    long version = 0;
    s.documented(ENOTTY, "the inode's generation", ::ioctl(file, FS_IOC_GETVERSION, &version));
    fiemap map{};
    map.fm_length = 4096;
    s.documented(EOPNOTSUPP, "FIEMAP", ::ioctl(file, FS_IOC_FIEMAP, &map));
    int bytes = 0;
    s.done("FIONREAD", ::ioctl(file, FIONREAD, &bytes));
    s.note("bytes", bytes);
    ::close(file);
  });
}

/// XFS shares blocks where it can; ext4 cannot, and copy_file_range(2) is there for both.
TEST(Filesystem, SharedBlocksAreRefused) {
  both([](Scene& s) {
    s.make("from", "text");
    s.make("to");
    const int from = s.opened("open", ::open("from", O_RDONLY));
    const int to = s.opened("open", ::open("to", O_RDWR));
    const int result = ::ioctl(to, FICLONE, from);
    s.require("FICLONE", !s.on_mount() || (result == -1 && errno == EOPNOTSUPP));
    s.done("alike again", ::ftruncate(to, 0));
    ::close(from);
    ::close(to);
  });
}

}  // namespace
}  // namespace lockstep::posix

// Files without a name: unlinked while open, and made so (O_TMPFILE).
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Unlinked, StayUsable) {
  both([](Scene& s) {
    s.make("file", "contents");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("unlink", ::unlink("file"));
    s.see(file);
    s.contents(file);
    s.done("write", ::pwrite(file, "more", 4, 8));
    s.contents(file);
    s.done("truncate", ::ftruncate(file, 3));
    s.contents(file);
    s.done("fallocate", ::fallocate(file, 0, 0, 8192));
    s.done("chmod", ::fchmod(file, 0604));
    s.done("chown", ::fchown(file, 11, 12));
    s.done("attribute", ::fsetxattr(file, "user.name", "value", 5, 0));
    char value[8] = {};
    s.done("attribute read", ::fgetxattr(file, "user.name", value, sizeof value));
    const timespec times[2] = {{7, 8}, {9, 10}};
    s.done("times", ::futimens(file, times));
    s.done("fsync", ::fsync(file));
    s.see(file);
    struct stat status {};
    ::fstat(file, &status);
    s.note("mtime", status.st_mtim.tv_nsec);
    ::close(file);
  });
}

TEST(Unlinked, AreOpenedAgainThroughProc) {
  both([](Scene& s) {
    s.make("file", "contents");
    const int file = s.opened("open", ::open("file", O_RDONLY));
    s.done("unlink", ::unlink("file"));
    const std::string proc = "/proc/self/fd/" + std::to_string(file);
    const int again = s.opened("open through /proc", ::open(proc.c_str(), O_RDWR));
    s.done("write", ::write(again, "CON", 3));
    s.contents(file);
    ::close(file);
    s.contents(again);
    s.make("file", "another of this name");
    s.contents(again);
    s.contents("file");
    ::close(again);
  });
}

TEST(Unlinked, DirectoriesAreDead) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0755));
    const int directory = s.opened("open", ::open("dir", O_RDONLY | O_DIRECTORY));
    s.done("rmdir", ::rmdir("dir"));
    s.note("links", [&] {
      struct stat status {};
      return ::fstat(directory, &status) == 0 ? static_cast<long>(status.st_nlink) : -1L;
    }());
    s.refused(ENOENT, "create in it", ::openat(directory, "file", O_CREAT | O_WRONLY, 0644));
    s.refused(ENOENT, "mkdir in it", ::mkdirat(directory, "dir", 0755));
    s.refused(ENOENT, "look into it", ::faccessat(directory, "file", F_OK, 0));
    s.done("fchdir into it", ::fchdir(directory));
    char path[4096];
    s.refused(ENOENT, "getcwd", ::getcwd(path, sizeof path) == nullptr ? -1 : 0);
    s.done("mkdir of the same name", ::chdir("/"));
    ::close(directory);
  });
}

/// The kernel asks for these without ever having opened them at the daemon.
TEST(Unlinked, StayVisibleToWhoRefersToThem) {
  both([](Scene& s) {
    s.make("file", "text");
    s.make("replaced", "text");
    s.done("mkfifo", ::mkfifo("fifo", 0600));
    s.done("symlink", ::symlink("target", "link"));
    s.done("mkdir", ::mkdir("dir", 0755));
    const int file = s.opened("O_PATH", ::open("file", O_PATH));
    const int replaced = s.opened("O_PATH", ::open("replaced", O_PATH));
    const int fifo = s.opened("fifo", ::open("fifo", O_RDWR));
    const int link = s.opened("symlink", ::open("link", O_PATH | O_NOFOLLOW));
    const int directory = s.opened("directory", ::open("dir", O_PATH));
    s.moves(file, "unlink", [&] { s.done("unlink", ::unlink("file")); });
    s.make("new");
    s.done("rename onto it", ::rename("new", "replaced"));
    s.done("unlink", ::unlink("fifo") + ::unlink("link"));
    s.done("rmdir", ::rmdir("dir"));
    for (const int descriptor : {file, replaced, fifo, link, directory}) s.see(descriptor);
    s.done("chmod of the fifo", ::fchmod(fifo, 0640));
    s.see(fifo);
    char target[16] = {};
    s.done("where the symlink leads", ::readlinkat(link, "", target, sizeof target));
    const std::string proc = "/proc/self/fd/" + std::to_string(file);
    const int opened = s.opened("open it after all", ::open(proc.c_str(), O_RDWR));
    s.contents(opened);
    for (const int descriptor : {file, replaced, fifo, link, directory, opened}) ::close(descriptor);
  });
}

/// FUSE could carry it since Linux 6.1, libfuse and the replicated operations know names only.
TEST(Unlinked, TemporaryFilesAreRefused) {
  both([](Scene& s) {
    const int file = ::open(".", O_TMPFILE | O_RDWR, 0600);
    s.documented(EOPNOTSUPP, "O_TMPFILE", file);
    if (file >= 0) ::close(file);
  });
}

}  // namespace
}  // namespace lockstep::posix

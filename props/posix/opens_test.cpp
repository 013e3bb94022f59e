// The flags of open(2), and calls that begin at a descriptor.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Opens, Creation) {
  both([](Scene& s) {
    s.refused(ENOENT, "without O_CREAT", ::open("file", O_RDWR));
    const int first = s.opened("O_EXCL", ::open("file", O_CREAT | O_EXCL | O_RDWR, 0400));
    s.done("writable although its mode is not", ::write(first, "text", 4));
    s.refused(EEXIST, "O_EXCL again", ::open("file", O_CREAT | O_EXCL | O_RDWR, 0400));
    s.done("O_CREAT of what is there", ::close(::open("file", O_CREAT | O_RDWR, 0777)));
    s.see("file");
    s.done("dangling", ::symlink("none", "link"));
    s.refused(EEXIST, "O_EXCL of a dangling link", ::open("link", O_CREAT | O_EXCL | O_RDWR, 0644));
    s.refused(EINVAL, "O_DIRECTORY with O_CREAT", ::open("other", O_CREAT | O_DIRECTORY | O_RDONLY, 0644));
    s.refused(ENOENT, "in nothing", ::open("none/file", O_CREAT | O_RDWR, 0644));
    s.done("all permission bits", ::close(::open("bits", O_CREAT | O_RDWR, 07777)));
    s.see("bits");
    ::close(first);
  });
}

TEST(Opens, OneOfManyCreatesAFile) {
  both([](Scene& s) {
    s.make("winners");
    s.at_once(6, [&](int) {
      const int winners = ::open("winners", O_WRONLY | O_APPEND);
      for (int i = 0; i < 20; ++i) {
        const int file = ::open(("file" + std::to_string(i)).c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644);
        s.require("created, or there already", file >= 0 || errno == EEXIST);
        if (file >= 0) s.require("noted", ::write(winners, "w", 1) == 1);
      }
    });
    s.see("winners");
  });
}

TEST(Opens, WhatIsNamed) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("symlink", ::symlink("file", "to_file"));
    s.done("symlink", ::symlink("dir", "to_dir"));
    s.refused(ELOOP, "O_NOFOLLOW", ::open("to_file", O_RDONLY | O_NOFOLLOW));
    s.refused(ENOTDIR, "O_NOFOLLOW and O_DIRECTORY", ::open("to_dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
    s.refused(ENOTDIR, "O_DIRECTORY of a file", ::open("file", O_RDONLY | O_DIRECTORY));
    s.refused(ENOTDIR, "O_DIRECTORY through a link to a file", ::open("to_file", O_RDONLY | O_DIRECTORY));
    s.done("O_DIRECTORY through a link", ::close(::open("to_dir", O_RDONLY | O_DIRECTORY)));
    s.done("O_NOFOLLOW of a file", ::close(::open("file", O_RDONLY | O_NOFOLLOW)));
    s.refused(EISDIR, "a directory for writing", ::open("dir", O_RDWR));
    open_how how{};
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_NO_SYMLINKS;
    s.refused(ELOOP, "no symbolic links", ::syscall(SYS_openat2, AT_FDCWD, "to_file", &how, sizeof how));
    how.resolve = RESOLVE_BENEATH;
    s.refused(EXDEV, "only beneath", ::syscall(SYS_openat2, AT_FDCWD, "../file", &how, sizeof how));
    how.resolve = RESOLVE_IN_ROOT;
    s.done("as a root", ::close(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/../file", &how, sizeof how))));
  });
}

TEST(Opens, PathsWithoutFiles) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("symlink", ::symlink("file", "link"));
    const int path = s.opened("O_PATH", ::open("file", O_PATH));
    char byte = 0;
    s.refused(EBADF, "read", ::read(path, &byte, 1));
    s.refused(EBADF, "fchmod", ::fchmod(path, 0600));
    s.refused(EBADF, "fchown", ::fchown(path, 1, 1));
    s.refused(EBADF, "ftruncate", ::ftruncate(path, 0));
    s.see(path);
    s.done("chown with AT_EMPTY_PATH", ::fchownat(path, "", 6, 7, AT_EMPTY_PATH));
    const timespec times[2] = {{1, 2}, {3, 4}};
    s.done("times with AT_EMPTY_PATH", ::utimensat(path, "", times, AT_EMPTY_PATH));
    s.done("access with AT_EMPTY_PATH", ::syscall(SYS_faccessat2, path, "", R_OK, AT_EMPTY_PATH));
    struct stat status {};
    s.done("stat with AT_EMPTY_PATH", ::fstatat(path, "", &status, AT_EMPTY_PATH));
    s.see("file");
    const int link = s.opened("O_PATH of a link", ::open("link", O_PATH | O_NOFOLLOW));
    s.see(link);
    char target[16] = {};
    s.done("its target", ::readlinkat(link, "", target, sizeof target));
    const std::string proc = "/proc/self/fd/" + std::to_string(path);
    const int opened = s.opened("open for real", ::open(proc.c_str(), O_RDWR));
    s.done("write", ::write(opened, "T", 1));
    for (const int descriptor : {path, link, opened}) ::close(descriptor);
  });
}

TEST(Opens, BeginAtADescriptor) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("mkdir", ::mkdir("other", 0755));
    s.make("file");
    const int dir = s.opened("open", ::open("dir", O_PATH | O_DIRECTORY));
    const int other = s.opened("open", ::open("other", O_RDONLY | O_DIRECTORY));
    const int file = s.opened("open", ::open("file", O_RDONLY));
    ::close(s.opened("openat", ::openat(dir, "a", O_CREAT | O_WRONLY, 0644)));
    s.done("mkdirat", ::mkdirat(dir, "d", 0755));
    s.done("symlinkat", ::symlinkat("a", dir, "l"));
    s.done("mkfifoat", ::mkfifoat(dir, "f", 0644));
    s.done("linkat", ::linkat(dir, "a", other, "b", 0));
    s.done("renameat", ::renameat(dir, "d", other, "e"));
    s.done("fchmodat", ::fchmodat(dir, "a", 0600, 0));
    s.done("fchownat", ::fchownat(dir, "l", 8, 9, AT_SYMLINK_NOFOLLOW));
    s.done("faccessat", ::faccessat(other, "b", F_OK, 0));
    s.done("unlinkat", ::unlinkat(dir, "f", 0));
    s.done("unlinkat of a directory", ::unlinkat(other, "e", AT_REMOVEDIR));
    s.refused(ENOTDIR, "AT_REMOVEDIR of a file", ::unlinkat(other, "b", AT_REMOVEDIR));
    s.refused(ENOTDIR, "at a file", ::openat(file, "x", O_RDONLY));
    s.refused(EBADF, "at nothing", ::openat(-7, "x", O_RDONLY));
    s.done("the directory moves", ::rename("dir", "other/dir"));
    ::close(s.opened("openat there", ::openat(dir, "later", O_CREAT | O_WRONLY, 0644)));
    s.listing("other/dir");
    for (const int descriptor : {dir, other, file}) ::close(descriptor);
  });
}

TEST(Opens, OfPrograms) {
  both([](Scene& s) {
    s.make("program", "#!/bin/sh\nexit 3\n");
    s.done("chmod", ::chmod("program", 0755));
    const auto run = [&] {
      const pid_t process = ::fork();
      if (process == 0) {
        ::execl("program", "program", nullptr);
        ::_exit(errno);
      }
      int status = 0;
      ::waitpid(process, &status, 0);
      s.note("it ends with", WEXITSTATUS(status));
    };
    run();
    const int writer = s.opened("open for writing", ::open("program", O_WRONLY));
    run();
    ::close(writer);
    run();
    s.done("chmod", ::chmod("program", 0644));
    run();
  });
}

}  // namespace
}  // namespace lockstep::posix

// Hard links and symbolic links.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Links, NamesShareOneFile) {
  both([](Scene& s) {
    s.make("a", "first");
    s.done("link", ::link("a", "b"));
    s.see("a");
    s.see("b");
    const int file = s.opened("open b", ::open("b", O_WRONLY | O_APPEND));
    s.done("write", ::write(file, " second", 7));
    ::close(file);
    s.contents("a");
    s.done("chmod by one name", ::chmod("a", 0600));
    s.see("b");
    struct stat one {};
    struct stat other {};
    ::stat("a", &one);
    ::stat("b", &other);
    s.require("both names are one inode", one.st_ino == other.st_ino && one.st_dev == other.st_dev);
    s.done("unlink the first", ::unlink("a"));
    s.see("b");
    s.see("a");
  });
}

TEST(Links, MoveTheTimesOfFileAndDirectory) {
  both([](Scene& s) {
    s.make("a");
    s.moves("a", "the file's at link", [&] { s.done("link", ::link("a", "b")); });
    s.moves(".", "the directory's at link", [&] { s.done("link", ::link("a", "c")); });
    s.moves("a", "the file's at unlink", [&] { s.done("unlink", ::unlink("b")); });
    s.moves(".", "the directory's at unlink", [&] { s.done("unlink", ::unlink("c")); });
  });
}

TEST(Links, AreRefused) {
  both([](Scene& s) {
    s.make("a");
    s.make("b");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.refused(EEXIST, "onto a file", ::link("a", "b"));
    s.refused(EEXIST, "onto itself", ::link("a", "a"));
    s.refused(EEXIST, "onto a directory", ::link("a", "dir"));
    s.refused(EPERM, "of a directory", ::link("dir", "other"));
    s.refused(ENOENT, "of nothing", ::link("none", "c"));
    s.refused(ENOENT, "into nothing", ::link("a", "none/c"));
    s.refused(ENOTDIR, "through a file", ::link("a", "b/c"));
    s.refused(ENOENT, "without a name", ::link("a", ""));
    s.refused(EXDEV, "to the outside", ::link("a", "/dev/shm/link"));
    s.refused(EXDEV, "from the outside", ::link("/proc/version", "c"));
    s.refused(EINVAL, "unknown flags", ::linkat(AT_FDCWD, "a", AT_FDCWD, "c", 0x10));
  });
}

TEST(Links, ByDescriptor) {
  both([](Scene& s) {
    s.make("a", "text");
    const int file = s.opened("open", ::open("a", O_RDONLY));
    s.done("AT_EMPTY_PATH", ::linkat(file, "", AT_FDCWD, "b", AT_EMPTY_PATH));
    const std::string proc = "/proc/self/fd/" + std::to_string(file);
    s.done("AT_SYMLINK_FOLLOW", ::linkat(AT_FDCWD, proc.c_str(), AT_FDCWD, "c", AT_SYMLINK_FOLLOW));
    s.done("unlink", ::unlink("a") + ::unlink("b") + ::unlink("c"));
    s.see(file);
    s.refused(ENOENT, "of what has no name any more", ::linkat(file, "", AT_FDCWD, "d", AT_EMPTY_PATH));
    ::close(file);
  });
}

TEST(Links, OfEveryKind) {
  both([](Scene& s) {
    s.done("symlink", ::symlink("target", "symlink"));
    s.done("fifo", ::mkfifo("fifo", 0644));
    s.done("device", ::mknod("null", S_IFCHR | 0666, (1U << 8U) | 3U));
    for (const std::string name : {"symlink", "fifo", "null"}) {
      s.done("link", ::link(name.c_str(), (name + "2").c_str()));
      s.see(name + "2");
    }
    s.refused(ENOENT, "of what a dangling link leads to",
              ::linkat(AT_FDCWD, "symlink", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
  });
}

TEST(Symlinks, LeadSomewhere) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("to a file", ::symlink("file", "to_file"));
    s.done("to a directory", ::symlink("dir", "to_dir"));
    s.done("to nothing", ::symlink("no where", "dangling"));
    s.done("up and down", ::symlink("../dir/./..//file", "dir/back"));
    s.contents("to_file");
    s.contents("dir/back");
    s.contents("dangling");
    s.make("to_dir/inner", "inside");
    s.see("dir/inner");
    s.see("dangling");
    s.opened("created where it leads", ::open("dangling", O_CREAT | O_WRONLY, 0600));
    s.see("no where");
    char room[3] = {};
    s.done("readlink with little room", ::readlink("to_file", room, sizeof room));
    s.note("what it gives", std::string(room, sizeof room));
    s.refused(EINVAL, "readlink of a file", ::readlink("file", room, sizeof room));
    s.refused(EINVAL, "readlink without room", ::readlink("to_file", room, 0));
  });
}

TEST(Symlinks, AreBoundedInLengthAndDepth) {
  both([](Scene& s) {
    s.refused(ENOENT, "empty target", ::symlink("", "empty"));
    s.refused(ENAMETOOLONG, "longer than a path", ::symlink(std::string(PATH_MAX, 'x').c_str(), "long"));
    // XFS keeps no more than 1024.
    s.same("as long as a path", ::symlink(std::string(PATH_MAX - 1, 'x').c_str(), "longest"));
    s.done("1023 bytes", ::symlink(std::string(1023, 'y').c_str(), "1023"));
    s.done("any byte", ::symlink("\x01\xff \n\\", "bytes"));
    s.done("a", ::symlink("b", "a"));
    s.done("b", ::symlink("a", "b"));
    s.refused(ELOOP, "in a circle", ::open("a", O_RDONLY));
    s.refused(ELOOP, "in a circle, as a directory", ::open("a/x", O_RDONLY));
    s.make("l0", "end");
    for (int i = 1; i <= 41; ++i) {
      s.done("chain", ::symlink(("l" + std::to_string(i - 1)).c_str(), ("l" + std::to_string(i)).c_str()));
    }
    s.contents("l40");
    s.refused(ELOOP, "41 links", ::open("l41", O_RDONLY));
  });
}

TEST(Symlinks, AreObjectsOfTheirOwn) {
  both([](Scene& s) {
    s.make("file");
    s.done("symlink", ::symlink("file", "link"));
    s.done("lchown", ::lchown("link", 4'000'000'000U, 4'000'000'001U));
    s.see("link");
    s.see("file");
    s.done("chown through it", ::chown("link", 5, 6));
    s.see("file");
    s.refused(EOPNOTSUPP, "no mode of its own", ::fchmodat(AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
    const timespec times[2] = {{1'000'000'000, 1}, {1'000'000'001, 999'999'999}};
    s.done("times", ::utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW));
    s.refused(ENOTDIR, "not a directory", ::rmdir("link"));
    s.done("unlink", ::unlink("link"));
    s.see("file");
  });
}

}  // namespace
}  // namespace lockstep::posix

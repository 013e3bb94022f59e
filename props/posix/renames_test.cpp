// rename(2) and renameat2(2).
#include "props/posix/both.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

int rename2(const char* from, const char* to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

TEST(Renames, ReplaceWhatIsThere) {
  both([](Scene& s) {
    s.make("a", "new");
    s.make("b", "old");
    const int replaced = s.opened("open what is replaced", ::open("b", O_RDWR));
    const int moved = s.opened("open what is moved", ::open("a", O_RDWR));
    s.done("rename", ::rename("a", "b"));
    s.contents("b");
    s.see("a");
    s.see(replaced);
    s.contents(replaced);
    s.done("write to what was replaced", ::pwrite(replaced, "gone", 4, 0));
    s.contents(replaced);
    s.done("write to what was moved", ::pwrite(moved, "NEW", 3, 0));
    s.contents("b");
    ::close(replaced);
    ::close(moved);
  });
}

TEST(Renames, OfHardLinksOfOneFileDoNothing) {
  both([](Scene& s) {
    s.make("a", "text");
    s.done("link", ::link("a", "b"));
    s.done("rename", ::rename("a", "b"));
    s.see("a");
    s.see("b");
    s.done("onto itself", ::rename("a", "a"));
    s.see("a");
  });
}

TEST(Renames, MoveDirectories) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("from", 0755));
    s.done("mkdir", ::mkdir("to", 0755));
    s.done("mkdir", ::mkdir("from/dir", 0700));
    s.make("from/dir/file", "inside");
    const int inner = s.opened("open", ::open("from/dir/file", O_RDONLY));
    s.moves("from/dir", "the moved directory's times",
            [&] { s.done("to another parent", ::rename("from/dir", "to/dir")); });
    s.see("from");
    s.see("to");
    s.contents("to/dir/file");
    s.contents(inner);
    ::close(inner);
    struct stat parent {};
    struct stat up {};
    ::stat("to", &parent);
    ::stat("to/dir/..", &up);
    s.require("its .. is the new parent", parent.st_ino == up.st_ino);
    s.done("mkdir", ::mkdir("empty", 0755));
    s.done("onto an empty directory", ::rename("to/dir", "empty"));
    s.see("to");
    s.listing("empty");
  });
}

TEST(Renames, MoveTimes) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0755));
    s.make("a");
    s.make("b");
    s.moves("a", "the moved file's", [&] { s.done("rename", ::rename("a", "c")); });
    s.moves(".", "the left directory's", [&] { s.done("rename", ::rename("c", "dir/c")); });
    s.moves("dir", "the entered directory's", [&] { s.done("rename", ::rename("b", "dir/b")); });
    s.moves("dir/b", "the replaced file's", [&] { s.done("rename", ::rename("dir/c", "dir/b")); });
  });
}

TEST(Renames, AreRefused) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("mkdir", ::mkdir("dir/inner", 0755));
    s.done("mkdir", ::mkdir("full", 0755));
    s.make("full/file");
    s.refused(EINVAL, "into itself", ::rename("dir", "dir/inner/dir"));
    s.refused(EINVAL, "right into itself", ::rename("dir", "dir/dir"));
    // ENOTEMPTY on ext4, EEXIST on XFS.
    s.same("onto its own parent", ::rename("dir/inner", "dir"));
    s.same("onto a full directory", ::rename("dir", "full"));
    s.refused(EISDIR, "a file onto a directory", ::rename("file", "dir"));
    s.refused(ENOTDIR, "a directory onto a file", ::rename("dir", "file"));
    s.refused(ENOENT, "of nothing", ::rename("none", "some"));
    s.refused(ENOENT, "into nothing", ::rename("file", "none/some"));
    s.refused(ENOTDIR, "a file with a slash behind", ::rename("file", "other/"));
    s.refused(EBUSY, "of .", ::rename("dir/.", "other"));
    s.refused(EBUSY, "of ..", ::rename("dir/..", "other"));
    s.refused(EXDEV, "to the outside", ::rename("file", "/dev/shm/renamed"));
    s.refused(ENAMETOOLONG, "a name too long", ::rename("file", std::string(256, 'n').c_str()));
  });
}

TEST(Renames, NoReplace) {
  both([](Scene& s) {
    s.make("a", "a");
    s.make("b", "b");
    s.refused(EEXIST, "onto a file", rename2("a", "b", RENAME_NOREPLACE));
    s.refused(EEXIST, "onto itself", rename2("a", "a", RENAME_NOREPLACE));
    s.done("to a free name", rename2("a", "c", RENAME_NOREPLACE));
    s.refused(EINVAL, "with EXCHANGE", rename2("b", "c", RENAME_NOREPLACE | RENAME_EXCHANGE));
    s.refused(EINVAL, "unknown flags", rename2("b", "c", 1U << 10U));
  });
}

TEST(Renames, Exchange) {
  both([](Scene& s) {
    s.make("a", "a");
    s.make("b", "b");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("mkdir", ::mkdir("other", 0755));
    s.make("other/file", "inner");
    s.done("two files", rename2("a", "b", RENAME_EXCHANGE));
    s.contents("a");
    s.contents("b");
    s.done("a file and a directory in another", rename2("a", "other/file", RENAME_EXCHANGE));
    s.done("a file and a directory", rename2("b", "dir", RENAME_EXCHANGE));
    s.see("b");
    s.see("dir");
    s.see(".");
    s.refused(ENOENT, "with nothing", rename2("a", "none", RENAME_EXCHANGE));
    s.refused(EINVAL, "a directory with its inner", rename2("other", "other/file", RENAME_EXCHANGE));
  });
}

/// ext4 has it so too; XFS counts the new parent as a change.
TEST(Renames, ExchangedDirectoriesKeepTheirTimes) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("parent", 0755));
    s.done("mkdir", ::mkdir("dir", 0755));
    s.make("parent/file");
    const timespec times[2] = {{1, 1}, {2, 2}};
    s.done("set", ::utimensat(AT_FDCWD, "dir", times, 0));
    s.done("exchange", rename2("dir", "parent/file", RENAME_EXCHANGE));
    struct stat status {};
    s.done("status", ::stat("parent/file", &status));
    s.require("its time", !s.on_mount() || (status.st_mtim.tv_sec == 2 && status.st_mtim.tv_nsec == 2));
    s.done("alike again", ::utimensat(AT_FDCWD, "parent/file", times, 0));
  });
}

TEST(Renames, WhiteoutIsNotReplicated) {
  both([](Scene& s) {
    s.make("a", "text");
    s.documented(EINVAL, "RENAME_WHITEOUT", rename2("a", "b", RENAME_WHITEOUT));
    // Alike again.
    if (!s.on_mount()) s.require("undone", ::unlink("a") == 0 && ::rename("b", "a") == 0);
    s.contents("a");
  });
}

}  // namespace
}  // namespace lockstep::posix

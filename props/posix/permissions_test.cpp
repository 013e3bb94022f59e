// Who may do what: each call as root and as users without privileges.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

/// A directory that only root may change, with a file and a directory that everybody may read.
void prepare(Scene& s) {
  s.done("mkdir", ::mkdir("closed", 0755));
  s.make("closed/file", "text");
  s.make("closed/shared", "text");
  s.done("chmod", ::chmod("closed/shared", 0666));
  s.done("mkdir", ::mkdir("closed/dir", 0755));
  s.done("mkdir", ::mkdir("open", 0777));
  s.done("chmod", ::chmod("open", 0777));
  s.make("open/secret", "secret");
  s.done("chmod", ::chmod("open/secret", 0600));
}

TEST(Permissions, OfADirectory) {
  both([](Scene& s) {
    prepare(s);
    s.as(alice, [&] {
      s.refused(EACCES, "create", ::open("closed/new", O_CREAT | O_WRONLY, 0644));
      s.refused(EACCES, "mkdir", ::mkdir("closed/new", 0755));
      s.refused(EACCES, "symlink", ::symlink("x", "closed/new"));
      s.refused(EACCES, "mkfifo", ::mkfifo("closed/new", 0644));
      s.refused(EACCES, "link", ::link("closed/shared", "closed/new"));
      s.refused(EACCES, "unlink", ::unlink("closed/file"));
      s.refused(EACCES, "rmdir", ::rmdir("closed/dir"));
      s.refused(EACCES, "rename", ::rename("closed/file", "closed/new"));
      s.refused(EACCES, "rename out", ::rename("closed/file", "open/new"));
      s.refused(EACCES, "rename in", ::rename("open/secret", "closed/new"));
      s.refused(EEXIST, "create what is there", ::open("closed/file", O_CREAT | O_EXCL | O_WRONLY, 0644));
      s.done("unlink another's file where everybody may", ::unlink("open/secret"));
      s.done("a directory of her own", ::mkdir("open/mine", 0700));
    });
    s.as(bob, [&] {
      s.refused(EACCES, "look into it", ::open("open/mine", O_RDONLY));
      s.refused(EACCES, "go through it", ::access("open/mine/x", F_OK));
      s.refused(EACCES, "chdir", ::chdir("open/mine"));
    });
  });
}

TEST(Permissions, OfAFile) {
  both([](Scene& s) {
    prepare(s);
    s.as(alice, [&] {
      s.contents("closed/file");
      s.refused(EACCES, "open for writing", ::open("closed/file", O_WRONLY));
      s.refused(EACCES, "truncate", ::truncate("closed/file", 0));
      s.refused(EACCES, "O_TRUNC", ::open("closed/file", O_RDONLY | O_TRUNC));
      s.refused(EACCES, "read a secret", ::open("open/secret", O_RDONLY));
      s.refused(EPERM, "chmod", ::chmod("closed/file", 0777));
      s.refused(EPERM, "chown", ::chown("closed/file", alice.uid, alice.gid));
      s.refused(EACCES, "touch", ::utimensat(AT_FDCWD, "closed/file", nullptr, 0));
      const timespec times[2] = {{1, 0}, {2, 0}};
      s.refused(EPERM, "set times", ::utimensat(AT_FDCWD, "closed/file", times, 0));
      s.refused(EPERM, "O_NOATIME", ::open("closed/file", O_RDONLY | O_NOATIME));
      s.refused(EACCES, "execute", ::access("closed/file", X_OK));
      s.done("O_PATH needs nothing", ::close(::open("open/secret", O_PATH)));
      s.see("open/secret");
      s.refused(EPERM, "a device", ::mknod("open/device", S_IFCHR | 0666, (1U << 8U) | 3U));
      s.done("a fifo by mknod", ::mknod("open/fifo", S_IFIFO | 0666, 0));
      s.see("open/fifo");
    });
  });
}

TEST(Permissions, OfOwnerGroupAndOthers) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("chown", ::chown("file", alice.uid, bob.gid));
    const User member{71'000, 71'000, {bob.gid}};
    const User stranger{72'000, 72'000, {}};
    for (const mode_t mode : {0400U, 0040U, 0004U, 0222U, 0066U, 0660U, 0000U}) {
      s.done("chmod", ::chmod("file", mode));
      for (const User& user : {alice, bob, member, stranger}) {
        s.as(user, [&] {
          s.note("user", user.uid);
          s.same("read", ::faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS));
          s.same("write", ::faccessat(AT_FDCWD, "file", W_OK, AT_EACCESS));
          const int file = ::open("file", O_RDONLY);
          s.same("open", file < 0 ? -1 : 0);
        });
      }
    }
    s.contents("file");
  });
}

TEST(Permissions, OfOwnersChanges) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("chown", ::chown("file", alice.uid, alice.gid));
    const User member{alice.uid, alice.gid, {bob.gid}};
    s.as(member, [&] {
      s.done("give to a group of hers", ::chown("file", static_cast<uid_t>(-1), bob.gid));
      s.see("file");
      s.refused(EPERM, "give to another group", ::chown("file", static_cast<uid_t>(-1), 99));
      s.refused(EPERM, "give away", ::chown("file", bob.uid, static_cast<gid_t>(-1)));
      s.done("to herself", ::chown("file", alice.uid, static_cast<gid_t>(-1)));
      s.done("chmod", ::chmod("file", 0));
      s.refused(EACCES, "read", ::open("file", O_RDONLY));
      s.done("chmod", ::chmod("file", 0600));
      s.done("touch", ::utimensat(AT_FDCWD, "file", nullptr, 0));
    });
    s.as(bob, [&] {
      s.refused(EPERM, "chmod by the group", ::chmod("file", 0666));
      s.refused(EACCES, "touch by the group", ::utimensat(AT_FDCWD, "file", nullptr, 0));
    });
    s.see("file");
  });
}

TEST(Permissions, LargeNumbers) {
  both([](Scene& s) {
    s.make("file");
    s.done("largest", ::chown("file", 4'294'967'294U, 4'294'967'293U));
    s.see("file");
    s.done("only the group", ::chown("file", static_cast<uid_t>(-1), 2'147'483'648U));
    s.see("file");
    s.done("mkdir", ::mkdir("open", 0777));
    s.done("chmod", ::chmod("open", 0777));
    s.as({3'000'000'000U, 3'000'000'001U, {}}, [&] {
      s.make("open/hers", "text");
      s.done("mkdir", ::mkdir("open/dir", 0700));
      s.make("open/dir/inner");
    });
    s.see("open/hers");
    s.see("open/dir/inner");
  });
}

TEST(Permissions, OfTheUmask) {
  both([](Scene& s) {
    for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
      ::umask(mask);
      const std::string suffix = std::to_string(mask);
      ::close(s.opened("file", ::open(("file" + suffix).c_str(), O_CREAT | O_WRONLY, 0666)));
      s.done("mkdir", ::mkdir(("dir" + suffix).c_str(), 01777));
      s.done("mkfifo", ::mkfifo(("fifo" + suffix).c_str(), 0666));
      s.done("symlink", ::symlink("x", ("link" + suffix).c_str()));
    }
    ::umask(022);
  });
}

}  // namespace
}  // namespace lockstep::posix

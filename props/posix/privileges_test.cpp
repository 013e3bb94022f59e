// Set-user-ID, set-group-ID and the sticky bit.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

/// A file of alice's in her group, of this mode, that everybody may write.
void make(Scene& s, const std::string& name, mode_t mode) {
  s.make(name, "text");
  s.done("chown", ::chown(name.c_str(), alice.uid, alice.gid));
  s.done("chmod", ::chmod(name.c_str(), mode));
  s.see(name);
}

/// What a change leaves of each combination of bits, by root, by the owner and by somebody else.
void after(Scene& s, const std::string& prefix, const std::function<void(const char*)>& change) {
  const User member{80'000, 80'000, {5, alice.gid, 80'001}};
  const User nobody{80'002, 80'002, {}};
  int number = 0;
  for (const mode_t mode : {04777U, 02777U, 06777U, 02767U, 06766U, 01777U}) {
    for (const User& user : {User{}, alice, member, nobody}) {
      const std::string name = prefix + std::to_string(++number);
      make(s, name, mode);
      s.as(user, [&] { change(name.c_str()); });
      s.see(name);
    }
  }
}

TEST(Privileges, EndWithAWrite) {
  both([](Scene& s) {
    after(s, "written", [&](const char* name) {
      const int file = s.opened("open", ::open(name, O_WRONLY));
      s.done("write", ::write(file, "T", 1));
      s.see(name);
    });
  });
}

TEST(Privileges, EndWithADirectWrite) {
  both([](Scene& s) {
    alignas(4096) static char block[4096];
    after(s, "direct", [&](const char* name) {
      const int file = s.opened("open", ::open(name, O_WRONLY | O_DIRECT));
      s.done("write", ::pwrite(file, block, sizeof block, 0));
      s.see(name);
    });
  });
}

TEST(Privileges, EndWithATruncation) {
  both([](Scene& s) {
    after(s, "truncated", [&](const char* name) { s.done("truncate", ::truncate(name, 2)); });
    after(s, "opened", [&](const char* name) { ::close(s.opened("O_TRUNC", ::open(name, O_WRONLY | O_TRUNC))); });
  });
}

TEST(Privileges, EndWithAnAllocation) {
  both([](Scene& s) {
    after(s, "allocated", [&](const char* name) {
      const int file = s.opened("open", ::open(name, O_WRONLY));
      s.done("fallocate", ::fallocate(file, 0, 0, 100));
      s.see(name);
    });
  });
}

TEST(Privileges, EndWithAnOwner) {
  both([](Scene& s) {
    int number = 0;
    for (const mode_t mode : {04777U, 02777U, 06777U, 02767U}) {
      const std::string name = "f" + std::to_string(++number);
      make(s, name, mode);
      s.done("by root", ::chown(name.c_str(), bob.uid, bob.gid));
      s.see(name);
      make(s, name + "o", mode);
      s.as(alice, [&] { s.done("by the owner", ::chown((name + "o").c_str(), static_cast<uid_t>(-1), alice.gid)); });
      s.see(name + "o");
      make(s, name + "n", mode);
      s.done("to nobody else", ::chown((name + "n").c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(-1)));
      s.see(name + "n");
    }
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("chmod", ::chmod("dir", 07777));
    s.done("directories keep them", ::chown("dir", bob.uid, bob.gid));
    s.see("dir");
  });
}

TEST(Privileges, AreGivenByOwnersOnly) {
  both([](Scene& s) {
    make(s, "file", 0777);
    s.as(alice, [&] {
      s.done("set-user-ID", ::chmod("file", 04755));
      s.done("set-group-ID of her group", ::chmod("file", 02755));
      s.see("file");
    });
    s.done("another group", ::chown("file", alice.uid, bob.gid));
    s.as(alice, [&] {
      s.done("set-group-ID of another group", ::chmod("file", 06755));
      s.see("file");
    });
    s.done("by root", ::chmod("file", 06755));
    s.see("file");
  });
}

TEST(Privileges, GroupsOfDirectoriesAreInherited) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0777));
    s.done("chown", ::chown("dir", 0, bob.gid));
    s.done("chmod", ::chmod("dir", 02777));
    const auto fill = [&](const std::string& prefix) {
      s.make("dir/" + prefix + "file");
      s.done("mkdir", ::mkdir(("dir/" + prefix + "dir").c_str(), 0755));
      s.done("mkfifo", ::mkfifo(("dir/" + prefix + "fifo").c_str(), 0644));
      s.done("symlink", ::symlink("x", ("dir/" + prefix + "link").c_str()));
      const std::string privileged = "dir/" + prefix + "privileged";
      ::close(s.opened("set-group-ID", ::open(privileged.c_str(), O_CREAT | O_WRONLY, 02775)));
      for (const char* const kind : {"file", "dir", "fifo", "link", "privileged"}) s.see("dir/" + prefix + kind);
    };
    fill("root_");
    s.as(alice, [&] { fill("alice_"); });
    s.as(bob, [&] { fill("bob_"); });
    s.done("rename keeps the group", ::rename("dir/root_file", "outside"));
    s.see("outside");
  });
}

TEST(Privileges, StickyDirectories) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0777));
    s.done("chmod", ::chmod("dir", 01777));
    s.as(alice, [&] {
      s.make("dir/hers");
      s.done("mkdir", ::mkdir("dir/inner", 0777));
      s.make("dir/other");
    });
    s.as(bob, [&] {
      s.make("dir/his");
      s.refused(EPERM, "unlink", ::unlink("dir/hers"));
      s.refused(EPERM, "rmdir", ::rmdir("dir/inner"));
      s.refused(EPERM, "rename", ::rename("dir/hers", "dir/taken"));
      s.refused(EPERM, "rename onto", ::rename("dir/his", "dir/hers"));
      s.done("unlink his own", ::unlink("dir/his"));
    });
    s.done("the directory's owner", ::chown("dir", bob.uid, bob.gid));
    s.as(bob, [&] { s.done("may", ::unlink("dir/hers")); });
    s.as(alice, [&] { s.done("so may the file's", ::unlink("dir/other")); });
  });
}

}  // namespace
}  // namespace lockstep::posix

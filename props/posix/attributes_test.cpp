// Extended attributes.
#include "props/posix/both.h"
#include "props/posix/tree.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

int set(const char* path, const char* name, const std::string& value, int flags = 0) {
  return ::lsetxattr(path, name, value.data(), value.size(), flags);
}

void list(Scene& s, const char* path) {
  std::string names(65536, '\0');
  const ssize_t size = s.done("list", ::llistxattr(path, names.data(), names.size()));
  std::vector<std::string> sorted;
  for (const char* at = names.data(); at < names.data() + size; at += std::strlen(at) + 1) sorted.emplace_back(at);
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& name : sorted) s.note("listed", name);
}

TEST(Attributes, AreKept) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    for (const char* const path : {"file", "dir"}) {
      for (const char* const name : {"user.a", "user.other name \x7f", "trusted.b", "security.c"}) {
        s.moves(path, "set", [&] { s.done(name, set(path, name, std::string("v\0w", 3))); });
      }
      s.done("empty value", set(path, "user.empty", ""));
      s.attributes(path);
      s.moves(path, "remove", [&] { s.done("remove", ::removexattr(path, "user.a")); });
      s.attributes(path);
    }
    const int file = s.opened("open", ::open("file", O_RDONLY));
    s.done("by descriptor", ::fsetxattr(file, "user.fd", "x", 1, 0));
    s.done("removed by descriptor", ::fremovexattr(file, "user.fd"));
    ::close(file);
  });
}

TEST(Attributes, Flags) {
  both([](Scene& s) {
    s.make("file");
    s.refused(ENODATA, "replace nothing", set("file", "user.a", "1", XATTR_REPLACE));
    s.done("create", set("file", "user.a", "1", XATTR_CREATE));
    s.refused(EEXIST, "create again", set("file", "user.a", "2", XATTR_CREATE));
    s.done("replace", set("file", "user.a", "3", XATTR_REPLACE));
    s.attributes("file");
    s.refused(EINVAL, "unknown flag", set("file", "user.a", "4", 8));
  });
}

TEST(Attributes, Limits) {
  both([](Scene& s) {
    s.make("file");
    char value[10] = {};
    s.done("set", set("file", "user.a", "0123456789"));
    s.done("its size", ::getxattr("file", "user.a", nullptr, 0));
    s.refused(ERANGE, "little room", ::getxattr("file", "user.a", value, 9));
    s.refused(ERANGE, "little room for names", ::listxattr("file", value, 2));
    s.refused(ENODATA, "none of this name", ::getxattr("file", "user.b", value, sizeof value));
    s.refused(ENODATA, "none to remove", ::removexattr("file", "user.b"));
    s.done("longest name", set("file", ("user." + std::string(250, 'n')).c_str(), "x"));
    s.refused(ERANGE, "longer", set("file", ("user." + std::string(251, 'n')).c_str(), "x"));
    s.refused(ERANGE, "no name", set("file", "", "x"));
    s.refused(EOPNOTSUPP, "no namespace", set("file", "nothing", "x"));
    s.refused(EOPNOTSUPP, "unknown namespace", set("file", "other.name", "x"));
    s.refused(EOPNOTSUPP, "unknown of the system", set("file", "system.unknown", "x"));
    s.refused(E2BIG, "the largest value of all and one more", set("file", "user.big", std::string(65537, 'x')));
    // ext4 keeps a block, XFS 64 KiB.
    s.same("a large value", set("file", "user.big", std::string(60'000, 'x')));
    s.make("other");
    s.done("half a block", set("other", "user.half", std::string(2000, 'x')));
    s.attributes("other");
    s.refused(ENOENT, "of nothing", ::getxattr("none", "user.a", value, sizeof value));
  });
}

TEST(Attributes, OfOtherKinds) {
  both([](Scene& s) {
    s.make("file");
    s.done("symlink", ::symlink("file", "link"));
    s.done("fifo", ::mkfifo("fifo", 0666));
    for (const char* const path : {"link", "fifo"}) {
      s.refused(EPERM, "user", set(path, "user.a", "x"));
      s.done("trusted", set(path, "trusted.a", "x"));
      s.done("security", set(path, "security.a", "x"));
      s.attributes(path);
      s.done("removed", ::lremovexattr(path, "trusted.a"));
      s.attributes(path);
    }
  });
}

TEST(Attributes, ForOtherUsers) {
  both([](Scene& s) {
    s.make("open");
    s.make("closed");
    s.done("chmod", ::chmod("open", 0666) + ::chmod("closed", 0600));
    for (const char* const path : {"open", "closed"}) {
      s.done("user", set(path, "user.a", "u"));
      s.done("trusted", set(path, "trusted.a", "t"));
      s.done("security", set(path, "security.a", "s"));
    }
    s.as(alice, [&] {
      char value[8] = {};
      list(s, "open");
      list(s, "closed");
      s.done("read", ::getxattr("open", "user.a", value, sizeof value));
      s.done("write", set("open", "user.b", "x"));
      s.refused(ENODATA, "read trusted", ::getxattr("open", "trusted.a", value, sizeof value));
      s.refused(EPERM, "write trusted", set("open", "trusted.b", "x"));
      s.refused(EPERM, "write security", set("open", "security.b", "x"));
      s.done("read security", ::getxattr("open", "security.a", value, sizeof value));
      s.refused(EACCES, "read closed", ::getxattr("closed", "user.a", value, sizeof value));
      s.refused(EACCES, "write closed", set("closed", "user.a", "x"));
      s.refused(EACCES, "remove closed", ::removexattr("closed", "user.a"));
    });
    s.done("sticky directory", ::mkdir("sticky", 01777));
    s.done("chmod", ::chmod("sticky", 01777));
    s.as(alice, [&] { s.refused(EPERM, "of a sticky directory of another", set("sticky", "user.a", "x")); });
  });
}

TEST(Attributes, CapabilitiesEndWithAWrite) {
  both([](Scene& s) {
    // cap_net_raw, permitted and effective (version 2 of its form).
    const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                                 20);
    for (const char* const name : {"written", "truncated", "given", "read"}) {
      s.make(name, "text");
      s.done("set", set(name, "security.capability", capability));
      s.attributes(name);
    }
    const int file = s.opened("open", ::open("written", O_WRONLY));
    s.done("write", ::write(file, "T", 1));
    ::close(file);
    s.done("truncate", ::truncate("truncated", 2));
    s.done("chown", ::chown("given", 5, 5));
    s.contents("read");
    for (const char* const name : {"written", "truncated", "given", "read"}) s.attributes(name);
    s.as(alice, [&] { s.refused(EPERM, "by another user", set("read", "security.capability", capability)); });
  });
}

/// Lockstep's own attributes are not there for applications.
TEST(Attributes, LockstepsOwnAreHidden) {
  both([](Scene& s) {
    s.make("file");
    char value[64];
    s.refused(ENODATA, "read", ::getxattr("file", "trusted.lockstep.identity", value, sizeof value));
    s.refused(ENODATA, "remove", ::removexattr("file", "trusted.lockstep.identity"));
    s.documented(EPERM, "set", set("file", "trusted.lockstep.identity", "x"));
    if (!s.on_mount()) s.require("undone", ::removexattr("file", "trusted.lockstep.identity") == 0);
    list(s, "file");
  });
}

}  // namespace
}  // namespace lockstep::posix

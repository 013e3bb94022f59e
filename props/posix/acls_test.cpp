// POSIX access control lists, as setfacl writes them: extended attributes in the form of the kernel.
#include "props/posix/both.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

constexpr const char* access_list = "system.posix_acl_access";
constexpr const char* default_list = "system.posix_acl_default";

struct Entry {
  std::uint16_t tag;
  std::uint16_t permissions;
  std::uint32_t id = ACL_UNDEFINED_ID;
};

std::string encoded(const std::vector<Entry>& entries) {
  const posix_acl_xattr_header header{POSIX_ACL_XATTR_VERSION};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  for (const Entry& entry : entries) {
    const posix_acl_xattr_entry raw{entry.tag, entry.permissions, entry.id};
    bytes.append(reinterpret_cast<const char*>(&raw), sizeof raw);
  }
  return bytes;
}

/// Owner rwx, this user rw, group r, mask as given, others nothing.
std::string for_user(std::uint32_t user, std::uint16_t mask) {
  return encoded({{ACL_USER_OBJ, 7}, {ACL_USER, 6, user}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, mask}, {ACL_OTHER, 0}});
}

int set(const char* path, const char* name, const std::string& value) {
  return ::setxattr(path, name, value.data(), value.size(), 0);
}

void try_access(Scene& s, const char* path) {
  const int reader = ::open(path, O_RDONLY);
  s.same("read", reader < 0 ? -1 : 0);
  if (reader >= 0) ::close(reader);
  const int writer = ::open(path, O_WRONLY);
  s.same("write", writer < 0 ? -1 : 0);
  if (writer >= 0) ::close(writer);
  s.same("access", ::access(path, R_OK | W_OK));
}

TEST(AccessLists, DecideWhoMay) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("chmod", ::chmod("file", 0600));
    s.as(alice, [&] { try_access(s, "file"); });
    s.done("set", set("file", access_list, for_user(alice.uid, 7)));
    s.see("file");
    s.attributes("file");
    s.as(alice, [&] { try_access(s, "file"); });
    s.as(bob, [&] { try_access(s, "file"); });
    s.done("a mask without write", set("file", access_list, for_user(alice.uid, 4)));
    s.see("file");
    s.as(alice, [&] { try_access(s, "file"); });
    s.done("remove", ::removexattr("file", access_list));
    s.see("file");
    s.as(alice, [&] { try_access(s, "file"); });
  });
}

TEST(AccessLists, AndModesAreOne) {
  both([](Scene& s) {
    s.make("file", "text");
    s.done("set", set("file", access_list, for_user(alice.uid, 7)));
    s.done("chmod changes the mask", ::chmod("file", 0640));
    s.see("file");
    s.attributes("file");
    s.as(alice, [&] { try_access(s, "file"); });
    const std::string plain = encoded({{ACL_USER_OBJ, 6}, {ACL_GROUP_OBJ, 4}, {ACL_OTHER, 4}});
    s.done("one that a mode can say", set("file", access_list, plain));
    s.see("file");
    s.attributes("file");
    s.done("an owner's change", ::chown("file", alice.uid, alice.gid));
    s.as(alice, [&] {
      s.done("by the owner", set("file", access_list, for_user(bob.uid, 6)));
      s.see("file");
    });
    s.as(bob, [&] {
      try_access(s, "file");
      s.refused(EPERM, "not by the owner", set("file", access_list, for_user(bob.uid, 7)));
    });
  });
}

TEST(AccessLists, DefaultsAreInherited) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("set", set("dir", default_list, for_user(alice.uid, 6)));
    s.see("dir");
    ::umask(077);
    s.opened("a file", ::open("dir/file", O_CREAT | O_WRONLY, 0666));
    s.opened("a private file", ::open("dir/private", O_CREAT | O_WRONLY, 0600));
    s.done("a directory", ::mkdir("dir/inner", 0777));
    s.done("a directory in that", ::mkdir("dir/inner/most", 0750));
    s.done("a fifo", ::mkfifo("dir/fifo", 0666));
    s.done("a symlink", ::symlink("x", "dir/symlink"));
    ::umask(022);
    for (const char* const name :
         {"dir/file", "dir/private", "dir/inner", "dir/inner/most", "dir/fifo", "dir/symlink"}) {
      s.see(name);
      s.attributes(name);
    }
    s.done("remove the default", ::removexattr("dir", default_list));
    ::umask(077);
    s.done("the umask counts again", ::mkdir("dir/later", 0777));
    ::umask(022);
    s.see("dir/later");
  });
}

TEST(AccessLists, AreRefused) {
  both([](Scene& s) {
    s.make("file");
    s.refused(EACCES, "a default of a file", set("file", default_list, for_user(1, 7)));
    s.refused(
        EINVAL, "without a mask",
        set("file", access_list, encoded({{ACL_USER_OBJ, 7}, {ACL_USER, 6, 1}, {ACL_GROUP_OBJ, 4}, {ACL_OTHER, 0}})));
    s.refused(EINVAL, "cut short", set("file", access_list, for_user(1, 7).substr(0, 9)));
    s.refused(EOPNOTSUPP, "of another version", set("file", access_list, std::string("\x09\0\0\0", 4)));
    char value[64];
    s.refused(ENODATA, "none", ::getxattr("file", access_list, value, sizeof value));
    s.done("symlink", ::symlink("file", "link"));
    const std::string list = for_user(1, 7);
    s.refused(EOPNOTSUPP, "of a symlink", ::lsetxattr("link", access_list, list.data(), list.size(), 0));
    s.done("nothing to remove", ::removexattr("file", access_list));
    s.attributes("file");
  });
}

TEST(AccessLists, EndTheSetGroupBitOfOthers) {
  both([](Scene& s) {
    s.make("file");
    s.done("chown", ::chown("file", alice.uid, bob.gid));
    s.done("chmod", ::chmod("file", 02770));
    s.as(alice, [&] { s.done("set by one outside the group", set("file", access_list, for_user(bob.uid, 7))); });
    s.see("file");
  });
}

}  // namespace
}  // namespace lockstep::posix

// Names: any byte, every length, and paths deeper than a path may be long.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

TEST(Names, HoldEveryByte) {
  both([](Scene& s) {
    for (int byte = 1; byte < 256; ++byte) {
      if (byte == '/') continue;
      const std::string name{'n', static_cast<char>(byte), 'e'};
      s.make(name, name);
      const std::string alone{static_cast<char>(byte)};
      if (byte != '.') s.done("mkdir", ::mkdir(alone.c_str(), 0755));
    }
    s.make("\xc3\xa4");
    s.make("a\xcc\x88");
    s.make("CASE");
    s.make("case");
    s.make("  ");
    s.make("...");
    s.make("-rf");
    s.make("\xed\xa0\x80\xff");
    s.listing(".");
    s.contents("n\ne");
    s.done("rename", ::rename("n\te", "\x01\x02\x03"));
    s.done("unlink", ::unlink("n\xff"
                              "e"));
  });
}

TEST(Names, AreUpTo255BytesLong) {
  both([](Scene& s) {
    const std::string longest(255, 'n');
    const std::string longer(256, 'n');
    s.make(longest, "text");
    s.contents(longest);
    s.done("mkdir", ::mkdir(std::string(255, 'd').c_str(), 0755));
    s.done("symlink", ::symlink(longest.c_str(), std::string(255, 'l').c_str()));
    s.done("link", ::link(longest.c_str(), std::string(255, 'h').c_str()));
    s.done("rename", ::rename(longest.c_str(), std::string(255, 'r').c_str()));
    for (const std::string& name : {longer, std::string(1024, 'n'), std::string(1025, 'n')}) {
      s.refused(ENAMETOOLONG, "create", ::open(name.c_str(), O_CREAT | O_WRONLY, 0644));
      s.refused(ENAMETOOLONG, "look", ::access(name.c_str(), F_OK));
      s.refused(ENAMETOOLONG, "mkdir", ::mkdir(name.c_str(), 0755));
      s.refused(ENAMETOOLONG, "symlink", ::symlink("x", name.c_str()));
      s.refused(ENAMETOOLONG, "mknod", ::mknod(name.c_str(), S_IFREG | 0644, 0));
      s.refused(ENAMETOOLONG, "link", ::link(std::string(255, 'r').c_str(), name.c_str()));
      s.refused(ENAMETOOLONG, "unlink", ::unlink(name.c_str()));
      s.refused(ENAMETOOLONG, "rmdir", ::rmdir(name.c_str()));
    }
    s.listing(".");
  });
}

TEST(Names, Paths) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.refused(ENOENT, "empty", ::access("", F_OK));
    s.refused(ENOTDIR, "a file with a slash behind", ::access("file/", F_OK));
    s.refused(ENOTDIR, "through a file", ::access("file/x", F_OK));
    s.done("slashes and dots", ::access(".//dir/./../dir//", F_OK));
    s.refused(EISDIR, "create with a slash behind", ::open("new/", O_CREAT | O_WRONLY, 0644));
    s.done("mkdir with a slash behind", ::mkdir("other/", 0755));
    s.refused(ENAMETOOLONG, "longer than a path", ::access(std::string(PATH_MAX, '/').c_str(), F_OK));
    s.refused(EEXIST, "mkdir of .", ::mkdir(".", 0755));
    s.refused(EEXIST, "mkdir of ..", ::mkdir("..", 0755));
    s.refused(EINVAL, "rmdir of .", ::rmdir("dir/."));
    s.refused(ENOTEMPTY, "rmdir of ..", ::rmdir("dir/.."));
  });
}

TEST(Names, DeeperThanAPath) {
  both([](Scene& s) {
    constexpr int depth = 40;
    const std::string name(200, 'p');
    int at = s.opened("begin", ::open(".", O_RDONLY | O_DIRECTORY));
    for (int level = 0; level < depth; ++level) {
      s.done("mkdir", ::mkdirat(at, name.c_str(), 0755));
      const int inner = s.opened("open", ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY));
      ::close(at);
      at = inner;
    }
    const int file = s.opened("create at the bottom", ::openat(at, "file", O_CREAT | O_RDWR, 0644));
    s.done("write", ::write(file, "deep", 4));
    s.contents(file);
    s.done("fchdir", ::fchdir(at));
    char path[PATH_MAX];
    s.refused(ENAMETOOLONG, "getcwd by the kernel", ::syscall(SYS_getcwd, path, sizeof path));
    s.contents("file");
    for (int level = 0; level < depth; ++level) s.done("up", ::chdir(".."));
    s.see(name);
    ::close(file);
    ::close(at);
  });
}

TEST(Names, WorkingDirectories) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("a", 0755));
    s.done("mkdir", ::mkdir("a/b", 0755));
    const auto here = [&](const char* what) {
      const std::string path = ::getcwd(nullptr, 0);
      const std::string root = path.substr(path.find("/conformance.") + 1);
      s.note(what, root.substr(root.find('/')));
    };
    here("at the beginning");
    s.done("chdir", ::chdir("a/b"));
    here("inside");
    s.make("file");
    s.done("its parent is renamed", ::rename("../../a", "../../c"));
    here("after that");
    s.see("file");
    s.done("up", ::chdir("../.."));
    here("up");
    s.refused(ENOTDIR, "into a file", ::chdir("c/b/file"));
    s.refused(ENOENT, "into nothing", ::chdir("a"));
  });
}

}  // namespace
}  // namespace lockstep::posix

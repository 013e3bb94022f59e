// Directories and their streams.
#include "props/posix/both.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

using Stream = std::unique_ptr<DIR, int (*)(DIR*)>;

Stream open_stream(const char* path) { return {::opendir(path), ::closedir}; }

constexpr int many = 1500;

void make_many(Scene& s, const std::string& directory) {
  s.done("mkdir", ::mkdir(directory.c_str(), 0755));
  for (int i = 0; i < many; ++i) {
    const std::string name = directory + "/entry with a longer name " + std::to_string(i);
    s.require("create", ::mknod(name.c_str(), S_IFREG | 0644, 0) == 0);
  }
}

/// How often each name comes.
std::map<std::string, int> rest_of(DIR* stream) {
  std::map<std::string, int> names;
  while (const dirent* entry = ::readdir(stream)) ++names[entry->d_name];
  return names;
}

TEST(Directories, ListEachEntryOnce) {
  both([](Scene& s) {
    make_many(s, "dir");
    const Stream stream = open_stream("dir");
    const auto names = rest_of(stream.get());
    s.note("entries", static_cast<long>(names.size()));
    for (const auto& [name, times] : names) s.require("once: " + name, times == 1);
    s.require("with . and ..", names.contains(".") && names.contains(".."));
    ::rewinddir(stream.get());
    s.require("again after rewinddir", rest_of(stream.get()) == names);
    s.make("dir/later");
    ::rewinddir(stream.get());
    s.require("what is new, after rewinddir", rest_of(stream.get()).contains("later"));
    s.see("dir");
  });
}

TEST(Directories, AreSoughtIn) {
  both([](Scene& s) {
    make_many(s, "dir");
    const Stream stream = open_stream("dir");
    std::vector<std::pair<long, std::string>> places;
    for (;;) {
      const long place = ::telldir(stream.get());
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      places.emplace_back(place, entry->d_name);
    }
    s.note("entries", static_cast<long>(places.size()));
    for (std::size_t i = 0; i < places.size(); i += 97) {
      const auto& [place, name] = places[places.size() - 1 - i];
      ::seekdir(stream.get(), place);
      const dirent* const entry = ::readdir(stream.get());
      s.require("the same entry at its place", entry != nullptr && entry->d_name == name);
    }
  });
}

TEST(Directories, EmptyWhileTheyAreRead) {
  both([](Scene& s) {
    make_many(s, "dir");
    const Stream stream = open_stream("dir");
    std::set<std::string> seen;
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      s.require("no entry twice", seen.insert(name).second);
      s.done("unlink", ::unlinkat(::dirfd(stream.get()), name.c_str(), 0));
    }
    s.note("removed", static_cast<long>(seen.size()));
    s.listing("dir");
    s.done("empty", ::rmdir("dir"));
  });
}

TEST(Directories, KeepWhatStaysWhileOthersGo) {
  both([](Scene& s) {
    make_many(s, "dir");
    const Stream stream = open_stream("dir");
    for (int i = 0; i < 10; ++i) ::readdir(stream.get());
    for (int i = 0; i < many; i += 2) {
      const std::string name = "dir/entry with a longer name " + std::to_string(i);
      s.require("unlink", ::unlink(name.c_str()) == 0);
    }
    ::rewinddir(stream.get());
    const auto names = rest_of(stream.get());
    s.note("entries", static_cast<long>(names.size()));
    for (int i = 1; i < many; i += 2) {
      const auto found = names.find("entry with a longer name " + std::to_string(i));
      s.require("still there, once", found != names.end() && found->second == 1);
    }
  });
}

TEST(Directories, SayWhatEntriesAre) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("symlink", ::symlink("x", "link"));
    s.done("fifo", ::mkfifo("fifo", 0644));
    s.done("device", ::mknod("device", S_IFBLK | 0600, (7U << 8U) | 200U));
    s.done("socket", ::mknod("socket", S_IFSOCK | 0600, 0));
    s.listing(".");
    const Stream stream = open_stream(".");
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string name = entry->d_name;
      struct stat status {};
      if (name == ".." || ::lstat(name.c_str(), &status) != 0) continue;
      s.require("d_ino is st_ino: " + name, entry->d_ino == status.st_ino);
    }
    ::seekdir(stream.get(), 0);
    s.done("an fd of the stream", ::fstatat(::dirfd(stream.get()), "file", std::make_unique<struct stat>().get(), 0));
  });
}

TEST(Directories, AreRefused) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.make("dir/file");
    s.refused(ENOTEMPTY, "rmdir of a full one", ::rmdir("dir"));
    s.refused(ENOTDIR, "rmdir of a file", ::rmdir("file"));
    s.refused(ENOENT, "rmdir of nothing", ::rmdir("none"));
    s.refused(EISDIR, "unlink of a directory", ::unlink("dir"));
    s.refused(EISDIR, "open for writing", ::open("dir", O_WRONLY));
    s.refused(EISDIR, "create one", ::open("dir", O_CREAT | O_RDWR, 0644));
    s.refused(EEXIST, "mkdir again", ::mkdir("dir", 0755));
    s.refused(EEXIST, "mkdir of a file", ::mkdir("file", 0755));
    s.refused(ENOENT, "mkdir in nothing", ::mkdir("none/dir", 0755));
    s.refused(ENOTDIR, "mkdir in a file", ::mkdir("file/dir", 0755));
    const int directory = s.opened("open", ::open("dir", O_RDONLY));
    char byte = 0;
    s.refused(EISDIR, "read", ::read(directory, &byte, 1));
    s.refused(EISDIR, "pread", ::pread(directory, &byte, 1, 0));
    s.refused(EBADF, "write", ::write(directory, &byte, 1));
    s.refused(EINVAL, "truncate", ::ftruncate(directory, 0));
    ::close(directory);
    s.refused(ENOTDIR, "opendir of a file", ::opendir("file") == nullptr ? -1 : 0);
  });
}

TEST(Directories, CountTheirSubdirectories) {
  both([](Scene& s) {
    s.done("mkdir", ::mkdir("dir", 0755));
    for (int i = 0; i < 5; ++i) {
      s.done("mkdir", ::mkdir(("dir/" + std::to_string(i)).c_str(), 0755));
      s.see("dir");
    }
    s.done("rmdir", ::rmdir("dir/3"));
    s.see("dir");
    s.done("rename out", ::rename("dir/2", "out"));
    s.see("dir");
    s.see(".");
  });
}

/// The two names in the root of the replicated directory that are Lockstep's.
TEST(Directories, LockstepsOwnAreHidden) {
  both([](Scene& s) {
    if (!s.on_mount()) return;
    for (const char* const name : {"../../.lockstep", "../../.lockstep-conflicts"}) {
      s.require("not to be seen", ::access(name, F_OK) == -1 && errno == ENOENT);
      s.require("mkdir", ::mkdir(name, 0755) == -1 && errno == EPERM);
      s.require("rename", ::rename(".", name) == -1);
    }
    const Stream stream = open_stream("../..");
    for (const auto& [name, times] : rest_of(stream.get())) s.require("not listed", !name.starts_with(".lockstep"));
  });
}

}  // namespace
}  // namespace lockstep::posix

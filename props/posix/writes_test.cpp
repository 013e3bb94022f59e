// Ways to write: appending from several processes, at once on disk, past the page cache.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

constexpr std::size_t page = 4096;

ssize_t write2(int file, const std::string& bytes, off_t offset, int flags) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return ::pwritev2(file, &part, 1, offset, flags);
}

TEST(Writes, AppendersDoNotOverwriteEachOther) {
  both([](Scene& s) {
    s.make("file");
    constexpr int processes = 4;
    constexpr int lines = 100;
    s.at_once(processes, [&](int number) {
      const int file = ::open("file", O_WRONLY | O_APPEND);
      for (int i = 0; i < lines; ++i) {
        const std::string line = std::to_string(number) + ':' + std::string(20, static_cast<char>('a' + number)) + '\n';
        s.require("append", ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
      }
      ::close(file);
    });
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("file", "r"), std::fclose);
    std::array<int, processes> count{};
    char line[64];
    while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
      const int number = line[0] - '0';
      const bool whole = number >= 0 && number < processes && std::strlen(line) == 23 && line[2] == 'a' + number;
      s.require("no line is torn", whole);
      if (whole) ++count.at(static_cast<std::size_t>(number));
    }
    for (const int counted : count) s.require("no line is lost", counted == lines);
    s.see("file");
    s.done("empty again: the order of lines is free", ::truncate("file", 0));
  });
}

TEST(Writes, AppendIgnoresOffsets) {
  both([](Scene& s) {
    s.make("file", "begin");
    const int file = s.opened("open", ::open("file", O_RDWR | O_APPEND));
    s.done("pwrite appends", ::pwrite(file, "1", 1, 0));
    s.done("seek", ::lseek(file, 0, SEEK_SET));
    s.done("write", ::write(file, "2", 1));
    s.done("position", ::lseek(file, 0, SEEK_CUR));
    s.done("flags", ::fcntl(file, F_SETFL, 0));
    s.done("pwrite", ::pwrite(file, "3", 1, 0));
    s.done("RWF_APPEND", write2(file, "4", 0, RWF_APPEND));
    s.contents(file);
    ::close(file);
  });
}

TEST(Writes, Synchronous) {
  both([](Scene& s) {
    for (const int flags : {O_SYNC, O_DSYNC, O_SYNC | O_APPEND}) {
      const int file = s.opened("open", ::open("file", O_CREAT | O_RDWR | flags, 0644));
      s.done("write", ::write(file, "written", 7));
      s.done("flags", ::fcntl(file, F_GETFL) & (O_SYNC | O_DSYNC | O_APPEND));
      ::close(file);
    }
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("RWF_DSYNC", write2(file, "1", 0, RWF_DSYNC));
    s.done("RWF_SYNC", write2(file, "2", 1, RWF_SYNC));
    s.done("RWF_HIPRI", write2(file, "3", 2, RWF_HIPRI));
    s.done("at the position", write2(file, "4", -1, 0));
    s.refused(EOPNOTSUPP, "unknown flag", write2(file, "x", 0, 1 << 20));
    s.done("fsync", ::fsync(file));
    s.done("fdatasync", ::fdatasync(file));
    s.done("sync_file_range", ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
    s.done("syncfs", ::syncfs(file));
    s.contents(file);
    ::close(file);
    const int path = s.opened("O_PATH", ::open("file", O_PATH));
    s.refused(EBADF, "fsync of a path", ::fsync(path));
    ::close(path);
    const int directory = s.opened("directory", ::open(".", O_RDONLY | O_DIRECTORY));
    s.done("fsync of a directory", ::fsync(directory));
    s.done("fdatasync of a directory", ::fdatasync(directory));
    ::close(directory);
  });
}

/// FUSE has no answer to them. What is young in Linux is refused beside, too, by a kernel that does not know it.
TEST(Writes, HintsToTheFilesystemAreRefused) {
  constexpr int atomic = 0x40;      // RWF_ATOMIC, Linux 6.11
  constexpr int dont_cache = 0x80;  // RWF_DONTCACHE, Linux 6.14
  both([](Scene& s) {
    s.make("file", "cached");
    s.contents("file");
    const int file = s.opened("open", ::open("file", O_RDWR));
    std::array<char, 6> bytes{};
    const iovec part{bytes.data(), bytes.size()};
    s.documented(EOPNOTSUPP, "RWF_NOWAIT", ::preadv2(file, &part, 1, 0, RWF_NOWAIT));
    for (const int hint : {atomic, dont_cache}) {
      const ssize_t count = write2(file, "cached", 0, hint);
      s.require("refused on the mount", !s.on_mount() || (count == -1 && errno == EOPNOTSUPP));
    }
    ::close(file);
  });
}

TEST(Writes, Direct) {
  both([](Scene& s) {
    const std::unique_ptr<char, void (*)(void*)> room(static_cast<char*>(std::aligned_alloc(page, 8 * page)),
                                                      std::free);
    const std::string bytes = pattern(8 * page, 3);
    std::memcpy(room.get(), bytes.data(), bytes.size());
    const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR | O_DIRECT, 0644));
    s.done("write", ::pwrite(file, room.get(), 8 * page, 0));
    s.done("beyond the end", ::pwrite(file, room.get(), page, 16 * page));
    const int cached = s.opened("open cached", ::open("file", O_RDWR));
    s.contents(cached);
    s.done("cached write", ::pwrite(cached, "cached", 6, page));
    std::memset(room.get(), 0, 8 * page);
    s.done("direct read", ::pread(file, room.get(), 2 * page, 0));
    s.note("sees it", std::string(room.get() + page, 10));
    s.done("read across the end", ::pread(file, room.get(), 8 * page, 16 * page));
    s.done("direct write under a cached page", ::pwrite(file, room.get(), page, page));
    s.contents(cached);
    s.see("file");
    s.done("flag on", ::fcntl(cached, F_SETFL, O_DIRECT));
    s.done("flag off", ::fcntl(cached, F_SETFL, 0));
    ::close(cached);
    ::close(file);
  });
}

/// Alignment is what a disk needs; here data goes through the daemon.
TEST(Writes, DirectNeedsNoAlignment) {
  both([](Scene& s) {
    s.make("file", pattern(2 * page, 4));
    const int file = s.opened("open", ::open("file", O_RDWR | O_DIRECT));
    const ssize_t count = ::pwrite(file, "xyz", 3, 5);
    const int error = errno;
    s.require("unaligned", s.on_mount() ? count == 3 : count == -1 && error == EINVAL);
    ::close(file);
    const int cached = s.opened("open", ::open("file", O_RDWR));
    s.done("alike again", ::pwrite(cached, "xyz", 3, 5));
    ::close(cached);
  });
}

}  // namespace
}  // namespace lockstep::posix

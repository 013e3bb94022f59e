// Reading, writing and truncation: positions, times and limits.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

constexpr std::size_t page = 4096;

TEST(Contents, PositionsAndVectors) {
  both([](Scene& s) {
    const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR, 0644));
    s.done("write", ::write(file, "0123456789", 10));
    s.done("position", ::lseek(file, 0, SEEK_CUR));
    s.done("back", ::lseek(file, -4, SEEK_END));
    s.done("overwrite across the end", ::write(file, "abcdefgh", 8));
    s.refused(EINVAL, "before the beginning", ::lseek(file, -1, SEEK_SET));
    s.done("pwrite", ::pwrite(file, "PP", 2, 1));
    s.done("position is kept", ::lseek(file, 0, SEEK_CUR));
    std::array<char, 4> a{};
    std::array<char, 40> b{};
    const iovec parts[2] = {{a.data(), a.size()}, {b.data(), b.size()}};
    s.done("preadv", ::preadv(file, parts, 2, 2));
    s.note("what it gave", std::string(a.data(), 4) + '|' + std::string(b.data(), 8));
    s.done("read at the end", ::read(file, b.data(), b.size()));
    s.done("read beyond", ::pread(file, b.data(), b.size(), 1000));
    s.done("nothing", ::pwrite(file, "", 0, 5000));
    s.contents(file);
    s.refused(EINVAL, "negative offset", ::pwrite(file, "x", 1, -1));
    void* const unreadable = ::mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    s.refused(EFAULT, "bad address", ::write(file, unreadable, 1));
    ::munmap(unreadable, page);
    ::close(file);
    s.refused(EBADF, "closed", ::write(file, "x", 1));
    const int reader = s.opened("read only", ::open("file", O_RDONLY));
    s.refused(EBADF, "write", ::write(reader, "x", 1));
    s.refused(EINVAL, "truncate", ::ftruncate(reader, 0));
    ::close(reader);
    const int writer = s.opened("write only", ::open("file", O_WRONLY));
    s.refused(EBADF, "read", ::read(writer, b.data(), 1));
    ::close(writer);
  });
}

TEST(Contents, MoveTimes) {
  both([](Scene& s) {
    s.make("file", "text");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.moves("file", "write", [&] { s.done("write", ::pwrite(file, "T", 1, 0)); });
    s.moves("file", "write of nothing", [&] { s.done("write", ::pwrite(file, "", 0, 0)); });
    s.moves("file", "read", [&] {
      char byte = 0;
      s.done("read", ::pread(file, &byte, 1, 0));
    });
    s.moves("file", "ftruncate", [&] { s.done("ftruncate", ::ftruncate(file, 2)); });
    s.moves("file", "ftruncate to the same size", [&] { s.done("ftruncate", ::ftruncate(file, 2)); });
    s.moves("file", "truncate", [&] { s.done("truncate", ::truncate("file", 3)); });
    s.moves("file", "truncate to the same size", [&] { s.done("truncate", ::truncate("file", 3)); });
    s.moves("file", "O_TRUNC", [&] { ::close(s.opened("open", ::open("file", O_WRONLY | O_TRUNC))); });
    s.moves("file", "O_TRUNC of an empty file", [&] { ::close(s.opened("open", ::open("file", O_WRONLY | O_TRUNC))); });
    s.moves("file", "fallocate", [&] { s.done("fallocate", ::fallocate(file, 0, 0, 10)); });
    s.moves("file", "fsync", [&] { s.done("fsync", ::fsync(file)); });
    ::close(file);
  });
}

/// FUSE does not tell it from O_TRUNC, which changes the time.
TEST(Contents, TruncationOfAnEmptyFileMovesItsTime) {
  both([](Scene& s) {
    s.make("file");
    struct stat before {};
    struct stat after {};
    s.done("status", ::stat("file", &before));
    wait_for_tick();
    s.done("truncate", ::truncate("file", 0));
    s.done("status", ::stat("file", &after));
    s.require("its time", !s.on_mount() || after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
  });
}

TEST(Contents, LargeWrites) {
  both([](Scene& s) {
    const std::string bytes = pattern((std::size_t{5} << 20U) + 333, 1);
    const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR, 0644));
    s.done("write", ::write(file, bytes.data(), bytes.size()));
    s.done("unaligned", ::pwrite(file, bytes.data(), 3 * page + 17, 12345));
    s.done("beyond the end", ::pwrite(file, "end", 3, 7 << 20));
    s.contents(file);
    s.see("file");
    ::close(file);
  });
}

TEST(Contents, Truncation) {
  both([](Scene& s) {
    s.make("file", pattern(3 * page, 2));
    s.done("within a page", ::truncate("file", page + 100));
    s.done("beyond", ::truncate("file", 2 * page + 50));
    s.contents("file");
    s.see("file");
    s.done("to nothing", ::truncate("file", 0));
    s.see("file");
    s.refused(EINVAL, "negative", ::truncate("file", -1));
    s.done("mkdir", ::mkdir("dir", 0755));
    s.refused(EISDIR, "a directory", ::truncate("dir", 0));
    s.refused(ENOENT, "nothing", ::truncate("none", 0));
    s.done("fifo", ::mkfifo("fifo", 0600));
    s.refused(EINVAL, "a fifo", ::truncate("fifo", 0));
    s.make("short", "0123456789");
    const int file = s.opened("open with O_TRUNC", ::open("short", O_RDWR | O_TRUNC));
    s.see(file);
    s.done("write", ::pwrite(file, "x", 1, 5));
    s.contents(file);
    ::close(file);
  });
}

TEST(Contents, SizeLimitOfTheProcess) {
  both([](Scene& s) {
    s.make("file", "0123456789");
    s.child([&] {
      const rlimit limit{100, 100};
      s.done("limit", ::setrlimit(RLIMIT_FSIZE, &limit));
      std::signal(SIGXFSZ, SIG_IGN);
      const int file = s.opened("open", ::open("file", O_RDWR));
      const std::string bytes = pattern(60, 5);
      s.done("up to the limit", ::pwrite(file, bytes.data(), 60, 60));
      s.refused(EFBIG, "at the limit", ::pwrite(file, bytes.data(), 60, 100));
      s.refused(EFBIG, "ftruncate", ::ftruncate(file, 101));
      s.refused(EFBIG, "truncate", ::truncate("file", 101));
      s.refused(EFBIG, "fallocate", ::fallocate(file, 0, 0, 101));
      s.done("truncate to it", ::ftruncate(file, 100));
    });
    s.child([&] {
      const rlimit limit{100, 100};
      s.done("limit", ::setrlimit(RLIMIT_FSIZE, &limit));
      const int file = s.opened("open", ::open("file", O_RDWR));
      s.same("the signal", ::pwrite(file, "x", 1, 100));
    });
    s.see("file");
  });
}

TEST(Contents, LargestFiles) {
  both([](Scene& s) {
    const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR, 0644));
    // Beyond what ext4 can have; XFS can have more.
    const off_t beyond = off_t{1} << 45U;
    s.same("write far away", ::pwrite(file, "x", 1, beyond));
    s.same("truncate far away", ::ftruncate(file, beyond));
    s.refused(EINVAL, "offset overflows", ::pwrite(file, "x", 1, -5));
    s.same("at the last offset", ::pwrite(file, "xx", 2, INT64_MAX - 1));
    s.same("truncate to the last size", ::ftruncate(file, INT64_MAX));
    s.done("two gigabytes and more", ::pwrite(file, "y", 1, (off_t{1} << 32U) + 7));
    char byte = 0;
    s.done("read it", ::pread(file, &byte, 1, (off_t{1} << 32U) + 7));
    s.note("byte", std::string(1, byte));
    s.see(file);
    s.done("short again", ::ftruncate(file, 1));
    ::close(file);
  });
}

}  // namespace
}  // namespace lockstep::posix

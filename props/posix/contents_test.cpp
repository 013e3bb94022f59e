// Reading and writing: positions, appending, direct and synchronous writes, limits, and copies inside of the kernel.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

constexpr std::size_t page = 4096;

/// Bytes that say where they are.
std::string pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i / 7 + i + seed) % 26);
  return bytes;
}

ssize_t write2(int file, const std::string& bytes, off_t offset, int flags) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return ::pwritev2(file, &part, 1, offset, flags);
}

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

TEST(Contents, AppendersDoNotOverwriteEachOther) {
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

TEST(Contents, AppendIgnoresOffsets) {
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

TEST(Contents, SynchronousWrites) {
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

TEST(Contents, NoWaitIsRefused) {
  both([](Scene& s) {
    s.make("file", "cached");
    s.contents("file");
    const int file = s.opened("open", ::open("file", O_RDONLY));
    std::array<char, 6> bytes{};
    const iovec part{bytes.data(), bytes.size()};
    s.documented(EOPNOTSUPP, "RWF_NOWAIT", ::preadv2(file, &part, 1, 0, RWF_NOWAIT));
    ::close(file);
  });
}

TEST(Contents, Direct) {
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
TEST(Contents, DirectNeedsNoAlignment) {
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

TEST(Contents, CopiedInsideOfTheKernel) {
  both([](Scene& s) {
    s.make("from", pattern(300'000, 6));
    const int from = s.opened("open", ::open("from", O_RDONLY));
    const int to = s.opened("create", ::open("to", O_CREAT | O_RDWR, 0644));
    off_t in = 1000;
    off_t out = 5000;
    s.done("copy_file_range", ::copy_file_range(from, &in, to, &out, 200'000, 0));
    s.note("offsets", std::to_string(in) + ' ' + std::to_string(out));
    s.done("at the end", ::copy_file_range(from, &(in = 299'990), to, &(out = 0), 100, 0));
    s.done("beyond the end", ::copy_file_range(from, &(in = 400'000), to, &(out = 0), 100, 0));
    s.refused(EINVAL, "flags", ::copy_file_range(from, nullptr, to, nullptr, 1, 1));
    s.refused(EINVAL, "onto itself", ::copy_file_range(to, &(in = 0), to, &(out = 50), 100, 0));
    s.done("within a file", ::copy_file_range(to, &(in = 0), to, &(out = 250'000), 100, 0));
    s.refused(EBADF, "to a reader", ::copy_file_range(to, nullptr, from, nullptr, 1, 0));
    s.contents(to);
    off_t position = 10;
    s.done("sendfile", ::sendfile(to, from, &position, 100'000));
    s.contents(to);
    std::array<int, 2> pipe{};
    s.done("pipe", ::pipe(pipe.data()));
    s.done("splice out", ::splice(from, &(in = 3), pipe[1], nullptr, 5000, 0));
    s.done("splice in", ::splice(pipe[0], nullptr, to, &(out = 17), 5000, 0));
    s.done("vmsplice", ::write(pipe[1], "text", 4));
    s.done("splice in at the end", ::splice(pipe[0], nullptr, to, &(out = 600'000), 4, 0));
    s.contents(to);
    for (const int descriptor : {from, to, pipe[0], pipe[1]}) ::close(descriptor);
  });
}

TEST(Contents, CopiedToTheOutside) {
  both([](Scene& s) {
    s.make("from", pattern(10'000, 7));
    const int from = s.opened("open", ::open("from", O_RDWR));
    const int outside = s.opened("outside", ::open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
    s.done("sendfile", ::sendfile(outside, from, nullptr, 10'000));
    off_t position = 0;
    s.done("sendfile back", ::sendfile(from, outside, &position, 10'000));
    s.refused(EXDEV, "copy_file_range", ::copy_file_range(from, nullptr, outside, nullptr, 100, 0));
    s.contents(from);
    ::close(from);
    ::close(outside);
  });
}

}  // namespace
}  // namespace lockstep::posix

// Files in memory.
#include "props/posix/both.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

constexpr std::size_t page = 4096;

char* map(int file, std::size_t size, int protection, int flags) {
  void* const at = ::mmap(nullptr, size, protection, flags, file, 0);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}

TEST(Mappings, SharedStoresReachTheFile) {
  both([](Scene& s) {
    s.make("file", std::string(3 * page, 'a'));
    const int file = s.opened("open", ::open("file", O_RDWR));
    char* const memory = map(file, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (memory == nullptr) return s.require("mmap", false);
    std::memcpy(memory + page - 2, "store", 5);
    s.contents(file);
    s.done("msync", ::msync(memory, 3 * page, MS_SYNC));
    s.moves(file, "a store into a clean page, and msync", [&] {
      memory[0] = 'm';
      s.done("msync", ::msync(memory, 3 * page, MS_SYNC));
    });
    s.contents("file");
    s.done("write behind the mapping", ::pwrite(file, "written", 7, 100));
    s.note("the mapping sees it", std::string(memory + 100, 7));
    memory[2 * page] = 'z';
    s.done("MS_ASYNC", ::msync(memory, 3 * page, MS_ASYNC));
    s.done("fsync", ::fsync(file));
    memory[2 * page + 1] = 'y';
    s.done("munmap", ::munmap(memory, 3 * page));
    ::close(file);
    s.contents("file");
  });
}

TEST(Mappings, PrivateStoresDoNot) {
  both([](Scene& s) {
    s.make("file", std::string(page, 'a'));
    const int file = s.opened("open", ::open("file", O_RDONLY));
    char* const memory = map(file, page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    if (memory == nullptr) return s.require("mmap", false);
    memory[0] = 'p';
    s.done("msync", ::msync(memory, page, MS_SYNC));
    s.done("munmap", ::munmap(memory, page));
    ::close(file);
    s.contents("file");
  });
}

TEST(Mappings, OutliveDescriptorAndName) {
  both([](Scene& s) {
    s.make("file", std::string(page, 'a'));
    s.done("link", ::link("file", "other"));
    const int file = s.opened("open", ::open("file", O_RDWR));
    char* const memory = map(file, page, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (memory == nullptr) return s.require("mmap", false);
    ::close(file);
    s.done("unlink", ::unlink("file"));
    std::memcpy(memory, "later", 5);
    s.done("msync", ::msync(memory, page, MS_SYNC));
    s.done("munmap", ::munmap(memory, page));
    s.contents("other");
  });
}

TEST(Mappings, BetweenProcesses) {
  both([](Scene& s) {
    s.make("file", std::string(page, 'a'));
    const int file = s.opened("open", ::open("file", O_RDWR));
    char* const memory = map(file, page, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (memory == nullptr) return s.require("mmap", false);
    s.child([&] {
      const int own = s.opened("open", ::open("file", O_RDWR));
      char* const shared = map(own, page, PROT_READ | PROT_WRITE, MAP_SHARED);
      s.require("mmap", shared != nullptr);
      if (shared != nullptr) std::memcpy(shared + 10, "child", 5);
    });
    s.note("the parent sees it", std::string(memory + 10, 5));
    ::munmap(memory, page);
    ::close(file);
    s.contents("file");
  });
}

TEST(Mappings, EndWhereTheFileEnds) {
  both([](Scene& s) {
    s.make("file", std::string(page + 10, 'a'));
    const int file = s.opened("open", ::open("file", O_RDWR));
    char* const memory = map(file, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (memory == nullptr) return s.require("mmap", false);
    // Stored behind the end, but within its page: not a part of the file.
    memory[page + 20] = 'x';
    s.done("msync", ::msync(memory, 2 * page, MS_SYNC));
    s.see("file");
    s.done("longer", ::ftruncate(file, page + 30));
    s.contents("file");
    s.child([&] { s.note("a byte of a page behind the end", memory[2 * page]); });
    s.done("shorter", ::ftruncate(file, 5));
    s.child([&] { s.note("a byte of a page that was cut off", memory[page]); });
    s.done("longer", ::ftruncate(file, 2 * page));
    s.note("zero again", memory[page]);
    ::munmap(memory, 3 * page);
    ::close(file);
    s.contents("file");
  });
}

TEST(Mappings, AreRefused) {
  both([](Scene& s) {
    s.make("file", "text");
    const int reader = s.opened("open", ::open("file", O_RDONLY));
    s.refused(EACCES, "shared and writable of a reader",
              map(reader, page, PROT_READ | PROT_WRITE, MAP_SHARED) == nullptr ? -1 : 0);
    const int writer = s.opened("open", ::open("file", O_WRONLY));
    s.refused(EACCES, "of a writer", map(writer, page, PROT_READ, MAP_SHARED) == nullptr ? -1 : 0);
    const int directory = s.opened("open", ::open(".", O_RDONLY));
    s.refused(ENODEV, "of a directory", map(directory, page, PROT_READ, MAP_SHARED) == nullptr ? -1 : 0);
    for (const int descriptor : {reader, writer, directory}) ::close(descriptor);
  });
}

}  // namespace
}  // namespace lockstep::posix

// Sparse files, fallocate(2), SEEK_HOLE and SEEK_DATA.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

/// Larger than what any filesystem here allocates at once.
constexpr off_t piece = 1 << 20;

int sparse(Scene& s, off_t size) {
  const int file = s.opened("create", ::open("file", O_CREAT | O_RDWR, 0644));
  s.done("size", ::ftruncate(file, size));
  return file;
}

void fill(Scene& s, int file, off_t offset, off_t length) {
  const std::string bytes(static_cast<std::size_t>(length), 'd');
  s.done("data", ::pwrite(file, bytes.data(), bytes.size(), offset));
}

long blocks(int file) {
  struct stat status {};
  ::fsync(file);
  return ::fstat(file, &status) == 0 ? static_cast<long>(status.st_blocks) : -1;
}

/// Of exact numbers a filesystem's own needs are a part: its trees, and here the identity of each object.
void about(Scene& s, const char* what, int file, off_t bytes) {
  const long counted = blocks(file) * 512;
  s.require(what, counted >= bytes && counted <= bytes + piece / 2);
}

TEST(Allocation, HolesAndData) {
  both([](Scene& s) {
    const int file = sparse(s, 8 * piece);
    s.holes(file);
    about(s, "nothing is allocated", file, 0);
    fill(s, file, piece, piece);
    fill(s, file, 5 * piece, piece);
    s.holes(file);
    about(s, "two pieces are allocated", file, 2 * piece);
    s.done("data from within", ::lseek(file, piece + 5, SEEK_DATA));
    s.done("hole from within", ::lseek(file, piece + 5, SEEK_HOLE));
    s.done("hole from a hole", ::lseek(file, 3 * piece + 1, SEEK_HOLE));
    s.refused(ENXIO, "data behind the last", ::lseek(file, 7 * piece, SEEK_DATA));
    s.done("hole behind the last", ::lseek(file, 7 * piece, SEEK_HOLE));
    s.refused(ENXIO, "hole at the end", ::lseek(file, 8 * piece, SEEK_HOLE));
    s.refused(ENXIO, "data beyond the end", ::lseek(file, 9 * piece, SEEK_DATA));
    s.refused(ENXIO, "a negative place", ::lseek(file, -1, SEEK_DATA));
    s.done("short", ::ftruncate(file, piece + piece / 2));
    s.done("long", ::ftruncate(file, 8 * piece));
    s.holes(file);
    ::close(file);
    s.contents("file");
  });
}

TEST(Allocation, PunchedHoles) {
  both([](Scene& s) {
    const int file = sparse(s, 6 * piece);
    fill(s, file, 0, 6 * piece);
    const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    s.moves(file, "punch", [&] { s.done("punch", ::fallocate(file, punch, piece, piece)); });
    s.done("parts of blocks", ::fallocate(file, punch, 3 * piece + 100, piece + 100));
    s.done("across the end", ::fallocate(file, punch, 5 * piece + 10, 9 * piece));
    s.see(file);
    s.holes(file);
    about(s, "what was punched is free", file, 3 * piece);
    s.refused(EOPNOTSUPP, "without KEEP_SIZE", ::fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, piece));
    ::close(file);
    s.contents("file");
  });
}

TEST(Allocation, ZeroedRanges) {
  both([](Scene& s) {
    const int file = sparse(s, 4 * piece);
    fill(s, file, 0, 4 * piece);
    s.done("within", ::fallocate(file, FALLOC_FL_ZERO_RANGE, piece + 7, piece));
    s.see(file);
    s.done("kept size", ::fallocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 3 * piece + 9, 3 * piece));
    s.see(file);
    s.done("across the end", ::fallocate(file, FALLOC_FL_ZERO_RANGE, 3 * piece + 500, piece));
    s.see(file);
    ::close(file);
    s.contents("file");
  });
}

TEST(Allocation, ReservedSpace) {
  both([](Scene& s) {
    s.make("file", "text");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("longer", ::fallocate(file, 0, 0, 2 * piece));
    s.see(file);
    about(s, "is allocated", file, 2 * piece);
    s.done("kept size", ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 4 * piece));
    s.see(file);
    about(s, "is allocated behind the end", file, 4 * piece);
    s.contents(file);
    s.done("write into it", ::pwrite(file, "inner", 5, piece));
    s.contents(file);
    s.done("posix_fallocate", ::posix_fallocate(file, piece, 3 * piece));
    s.see(file);
    s.done("truncate gives it back", ::ftruncate(file, 100));
    about(s, "is free", file, 0);
    ::close(file);
  });
}

TEST(Allocation, IsRefused) {
  both([](Scene& s) {
    s.make("file", "text");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.refused(EINVAL, "no length", ::fallocate(file, 0, 0, 0));
    s.refused(EINVAL, "negative", ::fallocate(file, 0, -1, 10));
    s.refused(EFBIG, "beyond every size", ::fallocate(file, 0, INT64_MAX - 10, 100));
    s.see(file);
    s.refused(EOPNOTSUPP, "two kinds at once",
              ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 1));
    ::close(file);
    const int reader = s.opened("open", ::open("file", O_RDONLY));
    s.refused(EBADF, "of a reader", ::fallocate(reader, 0, 0, 10));
    ::close(reader);
    s.contents("file");
  });
}

/// FUSE carries neither.
TEST(Allocation, CollapseAndInsertAreRefused) {
  both([](Scene& s) {
    const int file = sparse(s, 4 * piece);
    fill(s, file, 0, 4 * piece);
    s.documented(EOPNOTSUPP, "collapse", ::fallocate(file, FALLOC_FL_COLLAPSE_RANGE, piece, piece));
    s.documented(EOPNOTSUPP, "insert", ::fallocate(file, FALLOC_FL_INSERT_RANGE, piece, piece));
    // ext4 refuses that too.
    const int unshared = ::fallocate(file, FALLOC_FL_UNSHARE_RANGE, 0, piece);
    s.require("unshare", !s.on_mount() || (unshared == -1 && errno == EOPNOTSUPP));
    // Alike again.
    fill(s, file, 0, 4 * piece);
    s.see(file);
    ::close(file);
  });
}

}  // namespace
}  // namespace lockstep::posix

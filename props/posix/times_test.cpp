// Times that are set: to the nanosecond, to now, and not at all.
#include "props/posix/both.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

std::string shown(const timespec& time) { return std::to_string(time.tv_sec) + '.' + std::to_string(time.tv_nsec); }

void see_times(Scene& s, const char* name) {
  struct stat status {};
  s.done("status", ::lstat(name, &status));
  s.note("atime", shown(status.st_atim));
  s.note("mtime", shown(status.st_mtim));
}

int set(const char* name, timespec atime, timespec mtime) {
  const timespec times[2] = {atime, mtime};
  return ::utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW);
}

TEST(Times, AreSetToTheNanosecond) {
  both([](Scene& s) {
    s.make("file");
    s.done("mkdir", ::mkdir("dir", 0755));
    s.done("symlink", ::symlink("x", "link"));
    s.done("fifo", ::mkfifo("fifo", 0644));
    for (const char* const name : {"file", "dir", "link", "fifo"}) {
      s.done("set", set(name, {1'234'567'890, 123'456'789}, {987'654'321, 999'999'999}));
      see_times(s, name);
      s.done("zero", set(name, {0, 0}, {0, 1}));
      see_times(s, name);
      s.done("before 1970", set(name, {-1, 500'000'000}, {-86'400, 1}));
      see_times(s, name);
    }
    const int file = s.opened("open", ::open("file", O_RDONLY));
    const timespec times[2] = {{5, 6}, {7, 8}};
    s.done("by descriptor", ::futimens(file, times));
    see_times(s, "file");
    ::close(file);
  });
}

TEST(Times, FarAway) {
  both([](Scene& s) {
    s.make("file");
    for (const time_t seconds : {2'147'483'648L, 4'294'967'296L, 9'000'000'000L, -2'147'483'648L, -2'147'483'649L}) {
      s.done("set", set("file", {seconds, 1}, {seconds, 2}));
      see_times(s, "file");
    }
  });
}

/// Beyond what the filesystem has, and the operations of the stream: they count nanoseconds in 64 bits.
TEST(Times, AfterTheYear2262AreItsLast) {
  both([](Scene& s) {
    s.make("file");
    s.done("set", set("file", {12'000'000'000, 1}, {12'000'000'000, 2}));
    struct stat status {};
    s.done("status", ::stat("file", &status));
    if (s.on_mount()) s.require("the last moment", status.st_mtim.tv_sec == INT64_MAX / 1'000'000'000);
    if (!s.on_mount()) s.require("the time", status.st_mtim.tv_sec == 12'000'000'000);
    s.done("alike again", set("file", {1, 1}, {1, 1}));
  });
}

TEST(Times, NowAndOmitted) {
  both([](Scene& s) {
    s.make("file");
    s.done("set", set("file", {1, 2}, {3, 4}));
    s.done("omit both", set("file", {0, UTIME_OMIT}, {0, UTIME_OMIT}));
    see_times(s, "file");
    s.done("only the mtime", set("file", {0, UTIME_OMIT}, {5, 6}));
    see_times(s, "file");
    s.done("only the atime", set("file", {7, 8}, {0, UTIME_OMIT}));
    see_times(s, "file");
    s.moves("file", "now", [&] { s.done("now", set("file", {0, UTIME_OMIT}, {0, UTIME_NOW})); });
    struct stat status {};
    s.done("status", ::stat("file", &status));
    s.note("atime", shown(status.st_atim));
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    s.require("is now", now.tv_sec - status.st_mtim.tv_sec <= 1);
    s.done("both now", ::utimensat(AT_FDCWD, "file", nullptr, 0));
    s.done("status", ::stat("file", &status));
    s.require("are one",
              status.st_atim.tv_sec == status.st_mtim.tv_sec && status.st_atim.tv_nsec == status.st_mtim.tv_nsec);
    s.moves("file", "the past", [&] { s.done("set", set("file", {1, 2}, {3, 4})); });
    s.refused(EINVAL, "no such nanosecond", set("file", {0, 1'000'000'000}, {0, 0}));
    s.refused(ENOENT, "nothing", set("none", {0, 0}, {0, 0}));
  });
}

TEST(Times, OfOwnersAndOthers) {
  both([](Scene& s) {
    s.make("file");
    s.done("chmod", ::chmod("file", 0666));
    s.as(alice, [&] {
      s.done("now, by who may write", ::utimensat(AT_FDCWD, "file", nullptr, 0));
      s.refused(EPERM, "another time", set("file", {1, 1}, {1, 1}));
      s.refused(EPERM, "one of them now", set("file", {0, UTIME_NOW}, {0, UTIME_OMIT}));
    });
  });
}

TEST(Times, MoveWithModesAndOwners) {
  both([](Scene& s) {
    s.make("file");
    s.moves("file", "chmod", [&] { s.done("chmod", ::chmod("file", 0600)); });
    s.moves("file", "chmod to the same", [&] { s.done("chmod", ::chmod("file", 0600)); });
    s.moves("file", "chown", [&] { s.done("chown", ::chown("file", 1, 2)); });
    s.moves("file", "close", [&] { s.done("close", ::close(::open("file", O_WRONLY))); });
    s.moves(".", "mkdir", [&] { s.done("mkdir", ::mkdir("dir", 0755)); });
    s.moves(".", "a file in a directory of it", [&] { s.make("dir/file"); });
    s.moves("dir", "a file in it", [&] { s.make("dir/other"); });
    s.moves("dir", "a write to a file in it", [&] { s.done("truncate", ::truncate("dir/file", 10)); });
    s.moves("dir", "unlink in it", [&] { s.done("unlink", ::unlink("dir/file")); });
    s.moves(".", "unlink in a directory of it", [&] { s.done("unlink", ::unlink("dir/other")); });
    s.moves(".", "rmdir", [&] { s.done("rmdir", ::rmdir("dir")); });
  });
}

}  // namespace
}  // namespace lockstep::posix

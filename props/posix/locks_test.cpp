// POSIX record locks, open file description locks, and flock(2), between processes.
#include "props/posix/both.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

struct flock range(short type, off_t start, off_t length) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = length;
  return lock;
}

int lock(int file, int command, short type, off_t start, off_t length) {
  struct flock wanted = range(type, start, length);
  return ::fcntl(file, command, &wanted);
}

/// What stands in the way of a write lock of the range.
void in_the_way(Scene& s, int file, int command, off_t start, off_t length) {
  struct flock found = range(F_WRLCK, start, length);
  s.done("F_GETLK", ::fcntl(file, command, &found));
  s.note("in the way", std::to_string(found.l_type) +
                           (found.l_type == F_UNLCK
                                ? ""
                                : " from " + std::to_string(found.l_start) + " length " + std::to_string(found.l_len)));
}

TEST(Locks, RecordsBetweenProcesses) {
  both([](Scene& s) {
    s.make("file", "0123456789");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("write lock", lock(file, F_SETLK, F_WRLCK, 2, 3));
    s.done("read lock", lock(file, F_SETLK, F_RDLCK, 7, 0));
    const auto other = [&] {
      const int own = s.opened("open", ::open("file", O_RDWR));
      s.refused(EAGAIN, "a write lock across", lock(own, F_SETLK, F_WRLCK, 0, 4));
      s.refused(EAGAIN, "a read lock across", lock(own, F_SETLK, F_RDLCK, 4, 2));
      s.done("a read lock beside a read lock", lock(own, F_SETLK, F_RDLCK, 8, 1));
      s.done("between", lock(own, F_SETLK, F_WRLCK, 5, 2));
      in_the_way(s, own, F_GETLK, 0, 10);
      in_the_way(s, own, F_GETLK, 20, 1);
    };
    s.child(other);
    s.done("split it", lock(file, F_SETLK, F_UNLCK, 3, 1));
    s.child([&] {
      const int own = s.opened("open", ::open("file", O_RDWR));
      s.done("what was given back", lock(own, F_SETLK, F_WRLCK, 3, 1));
      in_the_way(s, own, F_GETLK, 2, 1);
      in_the_way(s, own, F_GETLK, 4, 1);
    });
    // Closing any descriptor of the file ends them all.
    ::close(s.opened("open once more", ::open("file", O_RDONLY)));
    s.child([&] {
      const int own = s.opened("open", ::open("file", O_RDWR));
      in_the_way(s, own, F_GETLK, 0, 0);
    });
    ::close(file);
  });
}

TEST(Locks, AreWaitedFor) {
  both([](Scene& s) {
    s.make("file");
    const int file = s.opened("open", ::open("file", O_RDWR));
    s.done("lock", lock(file, F_SETLK, F_WRLCK, 0, 0));
    const pid_t waiter = ::fork();
    if (waiter == 0) {
      const int own = ::open("file", O_RDWR);
      const bool got = lock(own, F_SETLKW, F_WRLCK, 0, 0) == 0 && ::write(own, "after", 5) == 5;
      ::_exit(got ? 0 : 1);
    }
    ::usleep(30'000);
    s.see("file");
    s.done("unlock", lock(file, F_SETLK, F_UNLCK, 0, 0));
    int status = 0;
    s.require("the waiter ends", ::waitpid(waiter, &status, 0) == waiter && status == 0);
    s.contents("file");
    ::close(file);
  });
}

TEST(Locks, OfOpenFileDescriptions) {
  both([](Scene& s) {
    s.make("file");
    const int a = s.opened("open", ::open("file", O_RDWR));
    const int b = s.opened("open", ::open("file", O_RDWR));
    s.done("lock", lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
    s.refused(EAGAIN, "by another description of this process", lock(b, F_OFD_SETLK, F_WRLCK, 5, 10));
    s.refused(EAGAIN, "a record lock", lock(b, F_SETLK, F_RDLCK, 5, 10));
    in_the_way(s, b, F_OFD_GETLK, 0, 0);
    s.child([&] { s.done("inherited", lock(a, F_OFD_SETLK, F_WRLCK, 5, 20)); });
    in_the_way(s, b, F_OFD_GETLK, 0, 0);
    ::close(a);
    s.done("ended with the description", lock(b, F_OFD_SETLK, F_WRLCK, 0, 0));
    ::close(b);
  });
}

TEST(Locks, OfWholeFiles) {
  both([](Scene& s) {
    s.make("file");
    const int a = s.opened("open", ::open("file", O_RDONLY));
    const int b = s.opened("open", ::open("file", O_RDONLY));
    s.done("exclusive", ::flock(a, LOCK_EX | LOCK_NB));
    s.refused(EAGAIN, "another", ::flock(b, LOCK_SH | LOCK_NB));
    s.child([&] {
      const int own = s.opened("open", ::open("file", O_RDONLY));
      s.refused(EAGAIN, "in another process", ::flock(own, LOCK_EX | LOCK_NB));
      s.done("the inherited one", ::flock(a, LOCK_SH | LOCK_NB));
    });
    s.done("both shared", ::flock(b, LOCK_SH | LOCK_NB));
    s.refused(EAGAIN, "not exclusive again", ::flock(a, LOCK_EX | LOCK_NB));
    s.done("independent of record locks", lock(::open("file", O_RDWR), F_SETLK, F_WRLCK, 0, 0));
    ::close(b);
    s.done("exclusive again", ::flock(a, LOCK_EX | LOCK_NB));
    ::close(a);
    const int directory = s.opened("a directory", ::open(".", O_RDONLY));
    s.done("is locked too", ::flock(directory, LOCK_EX | LOCK_NB));
    ::close(directory);
  });
}

TEST(Locks, Leases) {
  both([](Scene& s) {
    s.make("file");
    const int reader = s.opened("open", ::open("file", O_RDONLY));
    s.done("read lease", ::fcntl(reader, F_SETLEASE, F_RDLCK));
    s.done("lease", ::fcntl(reader, F_GETLEASE));
    std::signal(SIGIO, SIG_IGN);
    s.refused(EAGAIN, "a writer does not wait", ::open("file", O_WRONLY | O_NONBLOCK));
    s.done("given back", ::fcntl(reader, F_SETLEASE, F_UNLCK));
    const int writer = s.opened("a writer", ::open("file", O_WRONLY | O_NONBLOCK));
    s.refused(EAGAIN, "no read lease beside a writer", ::fcntl(reader, F_SETLEASE, F_RDLCK));
    ::close(writer);
    ::close(reader);
  });
}

TEST(Locks, AreRefused) {
  both([](Scene& s) {
    s.make("file");
    const int reader = s.opened("open", ::open("file", O_RDONLY));
    s.refused(EBADF, "write lock of a reader", lock(reader, F_SETLK, F_WRLCK, 0, 1));
    s.done("read lock of a reader", lock(reader, F_SETLK, F_RDLCK, 0, 1));
    s.refused(EINVAL, "before the beginning", lock(reader, F_SETLK, F_RDLCK, -5, 1));
    s.refused(EINVAL, "no such type", lock(reader, F_SETLK, 77, 0, 1));
    ::close(reader);
    const int path = s.opened("O_PATH", ::open("file", O_PATH));
    s.refused(EBADF, "flock of a path", ::flock(path, LOCK_SH));
    ::close(path);
  });
}

}  // namespace
}  // namespace lockstep::posix

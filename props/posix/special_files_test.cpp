// FIFOs, sockets and device nodes.
#include "props/posix/both.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::posix {
namespace {

sockaddr_un address_of(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, name, sizeof address.sun_path - 1);
  return address;
}

int bind_to(int socket, const char* name) {
  const sockaddr_un address = address_of(name);
  return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int connect_to(int socket, const char* name) {
  const sockaddr_un address = address_of(name);
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

TEST(SpecialFiles, Fifos) {
  both([](Scene& s) {
    s.done("mkfifo", ::mkfifo("fifo", 0640));
    s.see("fifo");
    s.refused(ENXIO, "a writer without a reader", ::open("fifo", O_WRONLY | O_NONBLOCK));
    const int reader = s.opened("reader", ::open("fifo", O_RDONLY | O_NONBLOCK));
    s.child([&] {
      const int writer = s.opened("writer", ::open("fifo", O_WRONLY));
      s.done("write", ::write(writer, "through", 7));
    });
    std::array<char, 16> bytes{};
    s.done("read", ::read(reader, bytes.data(), bytes.size()));
    s.note("what came", bytes.data());
    s.done("its end", ::read(reader, bytes.data(), bytes.size()));
    s.refused(ESPIPE, "seek", ::lseek(reader, 0, SEEK_SET));
    const int both_ways = s.opened("both ways", ::open("fifo", O_RDWR));
    s.refused(ESPIPE, "fallocate", ::fallocate(both_ways, 0, 0, 1));
    ::close(both_ways);
    ::close(reader);
    s.done("rename", ::rename("fifo", "other"));
    s.done("chmod", ::chmod("other", 0600));
    s.done("chown", ::chown("other", 3, 4));
    s.refused(EEXIST, "again", ::mkfifo("other", 0600));
    s.see("other");
  });
}

/// What goes through a fifo never reaches FUSE.
TEST(SpecialFiles, WritesLeaveTheTimesOfFifos) {
  both([](Scene& s) {
    s.done("mkfifo", ::mkfifo("fifo", 0640));
    const timespec times[2] = {{1, 1}, {2, 2}};
    s.done("set", ::utimensat(AT_FDCWD, "fifo", times, 0));
    const int fifo = s.opened("open", ::open("fifo", O_RDWR));
    s.done("write", ::write(fifo, "through", 7));
    struct stat status {};
    s.done("status", ::fstat(fifo, &status));
    s.require("the time stays on the mount only", (status.st_mtim.tv_sec == 2) == s.on_mount());
    ::close(fifo);
  });
}

TEST(SpecialFiles, Sockets) {
  both([](Scene& s) {
    const int listener = s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
    s.done("bind", bind_to(listener, "socket"));
    s.see("socket");
    s.refused(EADDRINUSE, "bind again", bind_to(s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0)), "socket"));
    s.done("listen", ::listen(listener, 1));
    const int client = s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
    s.done("connect", connect_to(client, "socket"));
    const int server = s.opened("accept", ::accept(listener, nullptr, nullptr));
    s.done("send", ::send(client, "hello", 5, 0));
    std::array<char, 8> bytes{};
    s.done("receive", ::recv(server, bytes.data(), bytes.size(), 0));
    s.refused(ENXIO, "open", ::open("socket", O_RDONLY));
    s.done("rename", ::rename("socket", "moved"));
    const int second = s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
    s.done("connect under the new name", connect_to(second, "moved"));
    for (const int descriptor : {listener, client, server, second}) ::close(descriptor);
    s.refused(ECONNREFUSED, "nobody listens",
              connect_to(s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0)), "moved"));
    s.done("chmod", ::chmod("moved", 0600));
    s.as(alice, [&] {
      s.refused(EACCES, "connect", connect_to(s.opened("socket", ::socket(AF_UNIX, SOCK_STREAM, 0)), "moved"));
    });
  });
}

TEST(SpecialFiles, Devices) {
  both([](Scene& s) {
    s.done("null", ::mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    s.done("zero", ::mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
    s.done("large numbers", ::mknod("large", S_IFBLK | 0600, makedev(511, 262'143)));
    s.done("block", ::mknod("block", S_IFBLK | 0600, makedev(250, 77)));
    for (const char* const name : {"null", "zero", "large", "block"}) s.see(name);
    const int zero = s.opened("open", ::open("zero", O_RDONLY));
    std::array<char, 4> bytes{'x', 'x', 'x', 'x'};
    s.done("read", ::read(zero, bytes.data(), bytes.size()));
    s.require("zeros", bytes == std::array<char, 4>{});
    const int null = s.opened("open", ::open("null", O_WRONLY | O_TRUNC));
    s.done("write", ::write(null, "gone", 4));
    ::close(zero);
    ::close(null);
    s.done("link", ::link("null", "null2"));
    s.see("null2");
    s.refused(ENXIO, "a device that is not there", ::open("block", O_RDONLY));
  });
}

TEST(SpecialFiles, MakeNodes) {
  both([](Scene& s) {
    s.done("a regular file", ::mknod("file", S_IFREG | 0640, 0));
    s.done("without a type", ::mknod("plain", 0640, 0));
    s.done("a socket", ::mknod("socket", S_IFSOCK | 0640, 0));
    s.refused(EPERM, "a directory", ::mknod("dir", S_IFDIR | 0755, 0));
    s.refused(EINVAL, "a symlink", ::mknod("link", S_IFLNK | 0777, 0));
    s.refused(EEXIST, "again", ::mknod("file", S_IFREG | 0640, 0));
    s.done("a whiteout", ::mknod("whiteout", S_IFCHR | 0600, 0));
    for (const char* const name : {"file", "plain", "socket", "whiteout"}) s.see(name);
  });
}

}  // namespace
}  // namespace lockstep::posix

// What is said to a service manager, and what comes back from it to the next life of the daemon.
#include "prod/daemon/service_manager.h"

#include "prod/daemon/kept_service.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

struct Heard {
  std::string text;
  linux_io::Descriptor descriptor;
};

/// The other end of NOTIFY_SOCKET, whose name has no file.
class Manager {
 public:
  Manager() : name_("@lockstep-test-" + std::to_string(::getpid())) {
    socket_ = linux_io::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(name_.begin() + 1, name_.end(), address.sun_path + 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }

  Heard hear() {
    Heard heard;
    std::array<char, 1024> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_.fd(), &message, MSG_CMSG_CLOEXEC);
    if (size < 0) return heard;
    heard.text.assign(bytes.data(), static_cast<std::size_t>(size));
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      heard.descriptor = linux_io::Descriptor(fd);
    }
    return heard;
  }

 private:
  const std::string name_;
  linux_io::Descriptor socket_;
};

linux_io::Descriptor something() { return linux_io::Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

TEST(ServiceManagerTest, without_one_nothing_is_kept) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager manager;
  EXPECT_FALSE(manager.keep("data.mount", something().fd()));
  manager.drop("data.mount");
  manager.tell_ready();
  EXPECT_EQ(manager.keeper(), 0);
  EXPECT_TRUE(manager.take_kept().empty());
}

TEST(ServiceManagerTest, it_is_told_what_to_keep_and_for_how_long) {
  Manager other;
  ServiceManager manager;
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr) << "what is started would speak in the daemon's name";
  EXPECT_EQ(manager.keeper(), ::getppid());
  manager.tell_ready();
  EXPECT_EQ(other.hear().text, "READY=1\n");
  EXPECT_TRUE(manager.keep("data.mount", something().fd()));
  const Heard kept = other.hear();
  EXPECT_EQ(kept.text, "FDSTORE=1\nFDNAME=data.mount\nFDPOLL=0\n");
  EXPECT_TRUE(kept.descriptor.valid());
  EXPECT_TRUE(manager.keep("data.mount", something().fd()));
  EXPECT_EQ(other.hear().text, "FDSTOREREMOVE=1\nFDNAME=data.mount\n") << "there would be two of one name";
  EXPECT_TRUE(other.hear().descriptor.valid());
  manager.drop("data.mount");
  EXPECT_EQ(other.hear().text, "FDSTOREREMOVE=1\nFDNAME=data.mount\n");
  manager.drop("data.mount");
  EXPECT_EQ(other.hear().text, "");
}

TEST(ServiceManagerTest, what_could_not_be_handed_back_is_not_kept) {
  Manager other;
  ServiceManager manager;
  EXPECT_FALSE(manager.keep("two:names", something().fd()));
  EXPECT_FALSE(manager.keep("", something().fd()));
  const std::string long_name(200, 'x');
  int kept = 0;
  while (kept < 5000 && manager.keep(long_name + std::to_string(kept), something().fd())) {
    ++kept;
    EXPECT_TRUE(other.hear().descriptor.valid());
  }
  EXPECT_GT(kept, 400);
  EXPECT_LT(kept, 131'072 / 200) << "the kernel takes no longer variable";
}

TEST(ServiceManagerTest, the_next_life_finds_what_was_kept) {
  const pid_t child = ::fork();
  if (child == 0) {
    const linux_io::Descriptor null = something();
    for (const int fd : {3, 4, 5, 6}) ::dup2(null.fd() == fd ? 2 : null.fd(), fd);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "4", 1);
    ::setenv("LISTEN_FDNAMES", "data.mount:data.file.000000000000000100000000000000ff:old.mount:data.output", 1);
    ServiceManager manager;
    KeptDescriptors kept = manager.take_kept();
    bool right = kept.size() == 4 && std::getenv("LISTEN_FDS") == nullptr && std::getenv("LISTEN_PID") == nullptr &&
                 std::getenv("LISTEN_FDNAMES") == nullptr;
    for (const int fd : {3, 4, 5, 6}) right = right && ::fcntl(fd, F_GETFD) == FD_CLOEXEC;
    const KeptService service = take_service(kept, "data");
    right = right && service.mount.device.fd() == 3 && !service.complete() && service.output.fd() == 6 &&
            service.mount.files.size() == 1 && service.mount.files[0].id == FileId{1, 255} && service.names.size() == 3;
    right = right && end_others(std::move(kept), manager) == std::vector<std::string>{"old"};
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ServiceManagerTest, what_was_meant_for_another_process_is_left_alone) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ServiceManager manager;
  EXPECT_TRUE(manager.take_kept().empty());
}

}  // namespace
}  // namespace lockstep::prod

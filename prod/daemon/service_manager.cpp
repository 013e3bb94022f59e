#include "prod/daemon/service_manager.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace lockstep::prod {

namespace {

constexpr int first_descriptor = 3;  ///< SD_LISTEN_FDS_START
/// As the unit has it (FileDescriptorStoreMax), where the manager does not say (it does since systemd 254).
constexpr std::size_t count_max_default = 2048;
/// The names come back in one variable, and the kernel starts no program with a variable of more than 128 KiB.
constexpr std::size_t names_bytes_max = 100'000;
constexpr std::size_t name_bytes_max = 255;
/// The manager takes what it is told one after the other; where it does not within this time, it is not kept.
constexpr int channel_wait_ms = 50;

std::string taken_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

std::size_t number_in(const std::string& text, std::size_t otherwise) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : otherwise;
}

bool may_be_name(const std::string& name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127 && c != ':'; });
}

}  // namespace

ServiceManager::ServiceManager() : socket_(taken_variable("NOTIFY_SOCKET")) {
  const std::size_t receiver = number_in(taken_variable("LISTEN_PID"), 0);
  const std::size_t count = number_in(taken_variable("LISTEN_FDS"), 0);
  std::string names = taken_variable("LISTEN_FDNAMES");
  count_max_ = number_in(taken_variable("FDSTORE"), count_max_default);
  if (receiver != static_cast<std::size_t>(::getpid())) return;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = first_descriptor + static_cast<int>(i);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    const std::size_t end = std::min(names.find(':'), names.size());
    const std::string name = names.substr(0, end);
    names.erase(0, end + 1);
    // systemd hands over the newest first; what it was to let go of and has not, because it did not listen, is older.
    inherited_.try_emplace(name, linux_io::Descriptor(fd));
    if (names_.insert(name).second) names_bytes_ += name.size() + 1;
  }
}

bool ServiceManager::keep(const std::string& name, int fd) {
  const std::scoped_lock lock(mutex_);
  remove(name);  // the manager would have two of this name
  if (!may_be_name(name) || names_.size() >= count_max_ || names_bytes_ + name.size() + 1 > names_bytes_max) {
    return false;
  }
  // It is not for the manager to say when it is of no use any more: a connection without a reader is.
  if (!send("FDSTORE=1\nFDNAME=" + name + "\nFDPOLL=0\n", fd)) return false;
  names_.insert(name);
  names_bytes_ += name.size() + 1;
  return true;
}

void ServiceManager::drop(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  remove(name);
}

void ServiceManager::remove(const std::string& name) {
  if (names_.erase(name) == 0) return;
  names_bytes_ -= name.size() + 1;
  send("FDSTOREREMOVE=1\nFDNAME=" + name + "\n", -1);
}

KeptDescriptors ServiceManager::take_kept() { return std::exchange(inherited_, {}); }

pid_t ServiceManager::keeper() const { return socket_.empty() ? 0 : ::getppid(); }

void ServiceManager::tell_ready() {
  const std::scoped_lock lock(mutex_);
  send("READY=1\n", -1);
}

/// One datagram, with a descriptor or without (-1).
bool ServiceManager::send(const std::string& text, int fd) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return false;
  std::copy(socket_.begin(), socket_.end(), address.sun_path);
  // A name without a file; it has no zero at its end.
  const bool abstract = address.sun_path[0] == '@';
  if (abstract) address.sun_path[0] = '\0';
  if (!channel_.valid())
    channel_ = linux_io::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!channel_.valid()) return false;

  std::string bytes = text;
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() + (abstract ? 0 : 1));
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  for (bool waited = false;; waited = true) {
    if (::sendmsg(channel_.fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN || waited) return false;
    pollfd poll{channel_.fd(), POLLOUT, 0};
    ::poll(&poll, 1, channel_wait_ms);
  }
}

}  // namespace lockstep::prod

#include "prod/cli/control_client.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace lockstep::prod {

namespace {

/// A command's answer says that it is under way; this long only a hung daemon takes.
constexpr time_t answer_seconds_max = 120;

class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

std::string connect_error(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ECONNREFUSED:
      return "lockstepd is not running (nobody answers at " + path +
             "): start it with \"systemctl start lockstepd\" and look at \"journalctl -u lockstepd\"";
    case EACCES: return "no access to " + path + ": run this command as root";
    default: return "cannot reach lockstepd at " + path + ": " + std::strerror(error);
  }
}

}  // namespace

std::variant<ControlAnswer, std::string> ask_daemon(const std::string& socket_path, const ControlRequest& request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return "the path " + socket_path + " is too long for a socket";
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const Socket socket;
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return connect_error(socket_path, errno);
  }
  const timeval limit{answer_seconds_max, 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::string line = encode(request) + "\n";
  if (::send(socket.fd(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return "lockstepd closed the connection: look at \"journalctl -u lockstepd\"";
  }
  std::string text;
  std::array<char, 16384> chunk;
  while (text.find('\n') == std::string::npos) {
    const ssize_t got = ::recv(socket.fd(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "lockstepd does not answer: look at \"journalctl -u lockstepd\"";
    if (got == 0) return "lockstepd ended before it answered: look at \"journalctl -u lockstepd\"";
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  auto answer = decode_answer(text.substr(0, text.find('\n')));
  if (!answer) return "lockstepd gave an unknown answer: command line tool and daemon may differ in version";
  return std::move(*answer);
}

}  // namespace lockstep::prod

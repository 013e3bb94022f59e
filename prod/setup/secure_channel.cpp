#include "prod/setup/secure_channel.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace lockstep::prod {

using tls::Progress;

int dial(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit) {
  sockaddr_storage address{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof *v6;
  } else {
    errno = EINVAL;
    return -1;
  }
  const int socket = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const timeval time{limit.count() / 1000, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);  // also of connect(2)
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
  const int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
  ::close(socket);
  errno = error;
  return -1;
}

SecureChannel::SecureChannel(int socket, const tls::Context& context, tls::End end, std::chrono::milliseconds limit)
    : socket_(socket), deadline_(std::chrono::steady_clock::now() + limit), stream_(context, end, socket) {
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

SecureChannel::~SecureChannel() { ::close(socket_); }

bool SecureChannel::wait(short events) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  pollfd descriptor{socket_, events, 0};
  if (left.count() > 0 && ::poll(&descriptor, 1, static_cast<int>(left.count())) > 0) {
    stream_.readable();
    return true;
  }
  error_ = "does not answer in time";
  return false;
}

template <typename Step>
bool SecureChannel::finish(Step step) {
  while (true) {
    switch (step()) {
      case Progress::done: return true;
      case Progress::wants_input:
        if (!wait(POLLIN)) return false;
        break;
      case Progress::wants_output:
        if (!wait(POLLOUT)) return false;
        break;
      case Progress::refused: refused_ = true; [[fallthrough]];
      case Progress::closed:
      case Progress::broken: error_ = stream_.reason(); return false;
    }
  }
}

std::string SecureChannel::handshake() {
  return finish([this] { return stream_.handshake(); }) ? std::string() : error_;
}

std::string SecureChannel::send_line(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t done = 0; done < text.size();) {
    const std::size_t size = std::min(text.size() - done, tls::record_bytes_max);
    const auto record = std::as_bytes(std::span(text)).subspan(done, size);
    if (!finish([&] { return stream_.write(record, false); })) return error_;
    done += size;
  }
  return {};
}

std::optional<std::string> SecureChannel::receive_line() {
  std::array<std::byte, tls::record_bytes_max> room;
  while (true) {
    if (const std::size_t end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    if (received_.size() > line_bytes_max) {
      error_ = "says more than is allowed";
      return std::nullopt;
    }
    std::size_t got = 0;
    if (!finish([&] { return stream_.read(room, got); })) return std::nullopt;
    received_.append(reinterpret_cast<const char*>(room.data()), got);
  }
}

}  // namespace lockstep::prod

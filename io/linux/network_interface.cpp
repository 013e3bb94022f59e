#include "io/linux/network_interface.h"

#include "io/linux/object_descriptor.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <memory>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace lockstep::linux_io {

namespace {

using boost::asio::ip::address;

struct FreeInterfaces {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

std::optional<address> address_of(const sockaddr* socket) {
  if (socket == nullptr) return std::nullopt;
  if (socket->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(socket);
    return boost::asio::ip::address_v4(ntohl(v4->sin_addr.s_addr));
  }
  if (socket->sa_family == AF_INET6) {
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes);
  }
  return std::nullopt;
}

/// Calls `visit(name, address)` for every address of this machine until it returns true. 0, or an errno.
template <typename Visit>
int for_each_address(Visit visit) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return errno;
  const std::unique_ptr<ifaddrs, FreeInterfaces> owned(list);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto found = address_of(entry->ifa_addr);
    if (found && visit(std::string(entry->ifa_name), *found)) return 0;
  }
  return 0;
}

/// Whatever its scope.
bool same(const address& a, const address& b) {
  if (a.is_v4() || b.is_v4()) return a == b;
  return a.to_v6().to_bytes() == b.to_v6().to_bytes();
}

/// One request with its attributes, and the kernel's answer.
class AddressRequest {
 public:
  AddressRequest(std::uint16_t type, std::uint16_t flags, unsigned interface, const InterfaceAddress& subject) {
    message_.resize(NLMSG_SPACE(sizeof(ifaddrmsg)));
    auto* header = reinterpret_cast<nlmsghdr*>(message_.data());
    header->nlmsg_len = NLMSG_LENGTH(sizeof(ifaddrmsg));
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    auto* body = static_cast<ifaddrmsg*>(NLMSG_DATA(header));
    body->ifa_family = subject.address.is_v4() ? AF_INET : AF_INET6;
    body->ifa_prefixlen = subject.prefix_bits;
    body->ifa_index = interface;
    if (subject.address.is_v4()) {
      const auto bytes = subject.address.to_v4().to_bytes();
      add(IFA_LOCAL, bytes.data(), bytes.size());
      add(IFA_ADDRESS, bytes.data(), bytes.size());
    } else {
      const auto bytes = subject.address.to_v6().to_bytes();
      body->ifa_flags = IFA_F_NODAD;
      add(IFA_LOCAL, bytes.data(), bytes.size());
      add(IFA_ADDRESS, bytes.data(), bytes.size());
    }
  }

  /// 0 or an errno.
  int ask() {
    const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket.valid()) return errno;
    reinterpret_cast<nlmsghdr*>(message_.data())->nlmsg_len = static_cast<std::uint32_t>(message_.size());
    if (::send(socket.fd(), message_.data(), message_.size(), 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 4096> answer;
    const ssize_t got = ::recv(socket.fd(), answer.data(), answer.size(), 0);
    if (got < 0) return errno;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (!NLMSG_OK(header, static_cast<std::size_t>(got)) || header->nlmsg_type != NLMSG_ERROR) return EPROTO;
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  }

 private:
  void add(std::uint16_t type, const void* data, std::size_t size) {
    const std::size_t at = message_.size();
    message_.resize(at + RTA_SPACE(size));
    auto* attribute = reinterpret_cast<rtattr*>(message_.data() + at);
    attribute->rta_type = type;
    attribute->rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    std::memcpy(RTA_DATA(attribute), data, size);
  }

  std::vector<char> message_;
};

}  // namespace

std::string to_string(const HardwareAddress& address) {
  std::array<char, 18> text{};
  std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1], address[2],
                address[3], address[4], address[5]);
  return text.data();
}

std::optional<NetworkInterface> find_interface(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return std::nullopt;
  NetworkInterface found{name, ::if_nametoindex(name.c_str()), false, std::nullopt};
  if (found.index == 0) return std::nullopt;
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  found.up = ::ioctl(socket.fd(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
  if (::ioctl(socket.fd(), SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
    std::memcpy(found.hardware.emplace().data(), request.ifr_hwaddr.sa_data, std::tuple_size_v<HardwareAddress>);
  }
  return found;
}

std::optional<NetworkInterface> interface_in_network_of(const InterfaceAddress& wanted) {
  std::optional<NetworkInterface> found;
  for_each_address([&](const std::string& name, const address& there) {
    if (there != wanted.address && wanted.same_network(there)) found = find_interface(name);
    return found.has_value();
  });
  return found;
}

Outcome<std::string> interface_with(const address& wanted) {
  std::string where;
  const int error = for_each_address([&](const std::string& name, const address& there) {
    if (same(wanted, there)) where = name;
    return !where.empty();
  });
  return error == 0 ? Outcome<std::string>::of(where) : Outcome<std::string>::failed(error);
}

int add_address(const NetworkInterface& interface, const InterfaceAddress& address) {
  return AddressRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, interface.index, address).ask();
}

int remove_address(const InterfaceAddress& address) {
  int result = 0;
  for_each_address([&](const std::string& name, const boost::asio::ip::address& there) {
    if (!same(address.address, there)) return false;
    const int error = AddressRequest(RTM_DELADDR, 0, ::if_nametoindex(name.c_str()), address).ask();
    if (error != 0 && error != EADDRNOTAVAIL) result = error;
    return false;
  });
  return result;
}

}  // namespace lockstep::linux_io

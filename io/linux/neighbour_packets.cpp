#include "io/linux/neighbour_packets.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace lockstep::linux_io {

namespace {

using boost::asio::ip::address;

struct [[gnu::packed]] ArpPacket {
  std::uint16_t hardware_type = htons(ARPHRD_ETHER);
  std::uint16_t protocol_type = htons(ETH_P_IP);
  std::uint8_t hardware_size = 6;
  std::uint8_t protocol_size = 4;
  std::uint16_t operation = 0;
  HardwareAddress sender_hardware{};
  std::array<std::uint8_t, 4> sender{};
  HardwareAddress target_hardware{};
  std::array<std::uint8_t, 4> target{};
};
static_assert(sizeof(ArpPacket) == 28);

/// A solicitation and an advertisement have the same shape: header, target, one option with a hardware address.
struct [[gnu::packed]] DiscoveryPacket {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;  ///< the kernel's matter
  std::uint32_t flags = 0;
  std::array<std::uint8_t, 16> target{};
  std::uint8_t option = 0;
  std::uint8_t option_size = 1;  ///< in units of 8 bytes
  HardwareAddress hardware{};
};
static_assert(sizeof(DiscoveryPacket) == 32);

constexpr int hops_of_neighbours = 255;  // others are not taken for neighbours

Descriptor open_arp_socket(const NetworkInterface& interface) {
  Descriptor socket(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ARP)));
  sockaddr_ll place{};
  place.sll_family = AF_PACKET;
  place.sll_protocol = htons(ETH_P_ARP);
  place.sll_ifindex = static_cast<int>(interface.index);
  if (socket.valid() && ::bind(socket.fd(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0) socket.reset();
  return socket;
}

Descriptor open_discovery_socket(const NetworkInterface& interface) {
  Descriptor socket(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
  if (!socket.valid()) return socket;
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
  ipv6_mreq everybody{};
  everybody.ipv6mr_interface = interface.index;
  ::inet_pton(AF_INET6, "ff02::1", &everybody.ipv6mr_multiaddr);
  const int index = static_cast<int>(interface.index);
  const int no = 0;
  const auto set = [&](int level, int option, const auto& value) {
    return ::setsockopt(socket.fd(), level, option, &value, sizeof value) == 0;
  };
  const bool ready = set(IPPROTO_ICMPV6, ICMP6_FILTER, filter) && set(IPPROTO_IPV6, IPV6_MULTICAST_IF, index) &&
                     set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops_of_neighbours) &&
                     set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, no) && set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, everybody) &&
                     ::setsockopt(socket.fd(), SOL_SOCKET, SO_BINDTODEVICE, interface.name.data(),
                                  static_cast<socklen_t>(interface.name.size())) == 0;
  if (!ready) socket.reset();
  return socket;
}

int send_arp(int socket, const NetworkInterface& interface, ArpPacket packet) {
  sockaddr_ll everybody{};
  everybody.sll_family = AF_PACKET;
  everybody.sll_protocol = htons(ETH_P_ARP);
  everybody.sll_ifindex = static_cast<int>(interface.index);
  everybody.sll_halen = ETH_ALEN;
  std::memset(everybody.sll_addr, 0xff, ETH_ALEN);
  const ssize_t sent =
      ::sendto(socket, &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&everybody), sizeof everybody);
  return sent < 0 ? errno : 0;
}

/// Some hosts learn from requests only, others from replies only.
int announce_v4(int socket, const NetworkInterface& interface, const address& subject) {
  ArpPacket packet;
  packet.sender_hardware = *interface.hardware;
  packet.sender = packet.target = subject.to_v4().to_bytes();
  packet.operation = htons(ARPOP_REQUEST);
  if (const int error = send_arp(socket, interface, packet); error != 0) return error;
  packet.operation = htons(ARPOP_REPLY);
  packet.target_hardware = *interface.hardware;
  if (const int error = send_arp(socket, interface, packet); error != 0) return error;
  // A probe: without an address of the sender nobody learns from it, and whoever has the address answers.
  ArpPacket probe;
  probe.operation = htons(ARPOP_REQUEST);
  probe.sender_hardware = *interface.hardware;
  probe.target = packet.target;
  return send_arp(socket, interface, probe);
}

int send_discovery(int socket, const NetworkInterface& interface, const DiscoveryPacket& packet, const in6_addr& to) {
  sockaddr_in6 place{};
  place.sin6_family = AF_INET6;
  place.sin6_addr = to;
  place.sin6_scope_id = interface.index;
  const ssize_t sent = ::sendto(socket, &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&place), sizeof place);
  return sent < 0 ? errno : 0;
}

int announce_v6(int socket, const NetworkInterface& interface, const address& subject) {
  constexpr std::size_t solicited_bytes = 3;
  DiscoveryPacket packet;
  packet.target = subject.to_v6().to_bytes();
  packet.hardware = *interface.hardware;
  packet.type = ND_NEIGHBOR_ADVERT;
  packet.flags = ND_NA_FLAG_OVERRIDE;
  packet.option = ND_OPT_TARGET_LINKADDR;
  in6_addr everybody{};
  ::inet_pton(AF_INET6, "ff02::1", &everybody);
  if (const int error = send_discovery(socket, interface, packet, everybody); error != 0) return error;
  packet.type = ND_NEIGHBOR_SOLICIT;
  packet.flags = 0;
  packet.option = ND_OPT_SOURCE_LINKADDR;
  in6_addr whoever_has_it{};
  ::inet_pton(AF_INET6, "ff02::1:ff00:0", &whoever_has_it);
  std::copy(packet.target.end() - solicited_bytes, packet.target.end(),
            std::end(whoever_has_it.s6_addr) - solicited_bytes);
  return send_discovery(socket, interface, packet, whoever_has_it);
}

std::optional<HardwareAddress> arp_claim(std::span<const std::byte> bytes, const address& subject) {
  ArpPacket packet;
  const ArpPacket expected;
  if (bytes.size() < sizeof packet) return std::nullopt;
  std::memcpy(&packet, bytes.data(), sizeof packet);
  const bool ethernet =
      packet.hardware_type == expected.hardware_type && packet.protocol_type == expected.protocol_type &&
      packet.hardware_size == expected.hardware_size && packet.protocol_size == expected.protocol_size;
  if (!ethernet || packet.sender != subject.to_v4().to_bytes()) return std::nullopt;
  return packet.sender_hardware;
}

std::optional<HardwareAddress> discovery_claim(std::span<const std::byte> bytes, const address& subject) {
  DiscoveryPacket packet;
  if (bytes.size() < sizeof packet) return std::nullopt;
  std::memcpy(&packet, bytes.data(), sizeof packet);
  const bool claims = packet.type == ND_NEIGHBOR_ADVERT && packet.code == 0 &&
                      packet.option == ND_OPT_TARGET_LINKADDR && packet.option_size == 1 &&
                      packet.target == subject.to_v6().to_bytes();
  if (!claims) return std::nullopt;
  return packet.hardware;
}

}  // namespace

Descriptor open_neighbour_socket(const NetworkInterface& interface, const address& subject) {
  return subject.is_v4() ? open_arp_socket(interface) : open_discovery_socket(interface);
}

int announce_neighbour(int socket, const NetworkInterface& interface, const address& subject) {
  return subject.is_v4() ? announce_v4(socket, interface, subject) : announce_v6(socket, interface, subject);
}

std::optional<HardwareAddress> claimed_by(std::span<const std::byte> packet, const address& subject) {
  return subject.is_v4() ? arp_claim(packet, subject) : discovery_claim(packet, subject);
}

}  // namespace lockstep::linux_io

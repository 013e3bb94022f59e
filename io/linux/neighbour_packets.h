// The packets by which hosts of one Ethernet tell each other who has an address: ARP (RFC 826, 5227) and IPv6's
// neighbour discovery (RFC 4861).
#pragma once

#include "io/linux/network_interface.h"
#include "io/linux/object_descriptor.h"

#include <cstddef>
#include <optional>
#include <span>

namespace lockstep::linux_io {

/// A socket for the packets about `address` on one Ethernet; invalid, with errno, if the system gives none. Needs
/// CAP_NET_RAW.
Descriptor open_neighbour_socket(const NetworkInterface& interface, const boost::asio::ip::address& address);

/// Says to all that `address` is at the interface, and asks who else has it. 0 or an errno.
int announce_neighbour(int socket, const NetworkInterface& interface, const boost::asio::ip::address& address);

/// Who says in this packet, received on such a socket, that `address` is his.
std::optional<HardwareAddress> claimed_by(std::span<const std::byte> packet, const boost::asio::ip::address& address);

}  // namespace lockstep::linux_io

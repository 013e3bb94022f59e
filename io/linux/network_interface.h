// Network interfaces and their addresses, over rtnetlink.
#pragma once

#include "io/asio/interface_address.h"
#include "io/linux/object_outcome.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::linux_io {

using io::InterfaceAddress;

using HardwareAddress = std::array<std::uint8_t, 6>;
/// "02:77:00:00:00:01"
std::string to_string(const HardwareAddress& address);

struct NetworkInterface {
  std::string name;
  unsigned index = 0;
  bool up = false;
  /// Nothing where the interface is no Ethernet: nobody there has to be told who has an address.
  std::optional<HardwareAddress> hardware;
};

std::optional<NetworkInterface> find_interface(const std::string& name);
/// The one that has another address of the same network.
std::optional<NetworkInterface> interface_in_network_of(const InterfaceAddress& wanted);

/// The name of the interface that has the address, whatever its network; empty if none has.
Outcome<std::string> interface_with(const boost::asio::ip::address& address);

/// Both succeed where there is nothing to do. 0 or an errno. IPv6 addresses are usable at once, without the kernel's
/// duplicate address detection.
int add_address(const NetworkInterface& interface, const InterfaceAddress& address);
/// Of whichever interface has it.
int remove_address(const InterfaceAddress& address);

}  // namespace lockstep::linux_io

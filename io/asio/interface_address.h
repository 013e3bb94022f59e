// An IP address with its network, as an interface has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/ip/address.hpp>

namespace lockstep::io {

/// "10.0.1.100/24". Without a prefix it is a network of its own.
struct InterfaceAddress {
  boost::asio::ip::address address;
  std::uint8_t prefix_bits = 0;

  [[nodiscard]] bool same_network(const boost::asio::ip::address& other) const;
  bool operator==(const InterfaceAddress&) const = default;
};

/// An address that is wherever the application runs.
struct ServiceAddress {
  InterfaceAddress address;
  std::string interface;  ///< empty: the one with another address of that network
};

/// Nothing if `text` is none, or one that no host can have (a network's own, broadcast, multicast, loopback).
std::optional<InterfaceAddress> parse_interface_address(const std::string& text);
std::string to_string(const InterfaceAddress& address);

}  // namespace lockstep::io

#include "io/asio/interface_address.h"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace lockstep::io {

using boost::asio::ip::address;

bool InterfaceAddress::same_network(const boost::asio::ip::address& other) const {
  if (address.is_v4() != other.is_v4()) return false;
  if (address.is_v4()) {
    return boost::asio::ip::make_network_v4(address.to_v4(), prefix_bits).canonical() ==
           boost::asio::ip::make_network_v4(other.to_v4(), prefix_bits).canonical();
  }
  return boost::asio::ip::make_network_v6(address.to_v6(), prefix_bits).canonical() ==
         boost::asio::ip::make_network_v6(other.to_v6(), prefix_bits).canonical();
}

std::optional<InterfaceAddress> parse_interface_address(const std::string& text) {
  boost::system::error_code error;
  const std::size_t slash = text.find('/');
  const address parsed = boost::asio::ip::make_address(text.substr(0, slash), error);
  if (error || parsed.is_unspecified() || parsed.is_multicast() || parsed.is_loopback()) return std::nullopt;
  const std::string whole = slash == std::string::npos ? text + (parsed.is_v4() ? "/32" : "/128") : text;
  if (parsed.is_v4()) {
    const auto network = boost::asio::ip::make_network_v4(whole, error);
    if (error || network.prefix_length() == 0) return std::nullopt;
    const bool has_hosts = network.prefix_length() < 31;
    const bool unusable = network.address() == network.network() || network.address() == network.broadcast();
    if (has_hosts && unusable) return std::nullopt;
    return InterfaceAddress{parsed, static_cast<std::uint8_t>(network.prefix_length())};
  }
  const auto network = boost::asio::ip::make_network_v6(whole, error);
  if (error || network.prefix_length() == 0 || parsed.to_v6().scope_id() != 0) return std::nullopt;
  return InterfaceAddress{parsed, static_cast<std::uint8_t>(network.prefix_length())};
}

std::string to_string(const InterfaceAddress& address) {
  return address.address.to_string() + "/" + std::to_string(address.prefix_bits);
}

}  // namespace lockstep::io

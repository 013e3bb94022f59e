// An address of the service, as an administrator writes it.
#include "io/asio/interface_address.h"

#include "engine/values/check.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto address = io::parse_interface_address(std::string(input.text()));
  if (!address) return false;
  const int bits = address->address.is_v4() ? 32 : 128;
  LOCKSTEP_CHECK(address->prefix_bits >= 1 && address->prefix_bits <= bits, "a network is within its kind");
  LOCKSTEP_CHECK(
      !address->address.is_unspecified() && !address->address.is_multicast() && !address->address.is_loopback(),
      "a host can have the address");
  LOCKSTEP_CHECK(address->same_network(address->address), "an address is in its network");
  LOCKSTEP_CHECK(io::parse_interface_address(to_string(*address)) == address, "an address comes back");
  return true;
}

std::vector<Buffer> seeds() {
  return {Buffer::copy_of("10.0.1.100/24"), Buffer::copy_of("10.0.1.100"), Buffer::copy_of("192.168.7.1/31"),
          Buffer::copy_of("2001:db8::77/64"), Buffer::copy_of("fd00::ffff:10.0.0.1")};
}

}  // namespace

const Target interface_address{"interface_address", accepts, seeds, 64, 50'000};

}  // namespace lockstep::fuzz

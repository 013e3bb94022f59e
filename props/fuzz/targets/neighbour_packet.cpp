// A packet of anybody on the same Ethernet that says who has an address: ARP, and IPv6's neighbour discovery.
#include "engine/values/check.h"
#include "io/linux/neighbour_packets.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <algorithm>
#include <string>

namespace lockstep::fuzz {

namespace {

enum class Kind : std::uint8_t { arp, discovery };

boost::asio::ip::address subject_of(Kind kind) {
  return boost::asio::ip::make_address(kind == Kind::arp ? "10.0.1.100" : "2001:db8::77");
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto kind = static_cast<Kind>(parts.number8() & 1U);
  const Buffer packet = parts.rest();
  const auto claimant = linux_io::claimed_by(packet.bytes(), subject_of(kind));
  if (!claimant) return false;
  const auto* hardware = reinterpret_cast<const std::byte*>(claimant->data());
  const auto bytes = packet.bytes();
  LOCKSTEP_CHECK(std::search(bytes.begin(), bytes.end(), hardware, hardware + claimant->size()) != bytes.end(),
                 "who claims it is named in the packet");
  return true;
}

Buffer seed(Kind kind, const std::string& packet) {
  return Buffer::copy_of(std::string(1, static_cast<char>(kind)) + packet);
}

std::vector<Buffer> seeds() {
  using namespace std::string_literals;
  const std::string hardware = "\x02\x77\x00\x00\x00\x01"s;
  const std::string v4 = "\x0A\x00\x01\x64"s;
  const std::string v6 = "\x20\x01\x0D\xB8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x77"s;
  const std::string arp_head = "\x00\x01\x08\x00\x06\x04\x00"s;
  return {seed(Kind::arp, arp_head + "\x01" + hardware + v4 + "\0\0\0\0\0\0"s + v4),
          seed(Kind::arp, arp_head + "\x02" + hardware + v4 + hardware + v4),
          seed(Kind::discovery, "\x88\x00\x12\x34\x20\x00\x00\x00"s + v6 + "\x02\x01" + hardware)};
}

}  // namespace

const Target neighbour_packet{"neighbour_packet", accepts, seeds, 128, 60'000};

}  // namespace lockstep::fuzz

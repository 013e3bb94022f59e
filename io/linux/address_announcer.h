// Tells a network that an address is here now: gratuitous ARP (RFC 5227) and unsolicited neighbour advertisements
// (RFC 4861, 7.2.6), a few times, because one may be lost; and hears who else says that the address is his.
#pragma once

#include "io/linux/network_interface.h"
#include "io/report.h"

#include <memory>

namespace lockstep::io {
class EventLoop;
}

namespace lockstep::linux_io {

/// From its construction to its end it announces and listens. Whoever else has the address is reported, with his
/// hardware address, and answered with another announcement: the newest one counts in everybody's tables.
/// The loop outlives it; used on the loop's thread.
class AddressAnnouncer {
 public:
  /// The address is on the interface already. An interface that is no Ethernet needs nothing.
  AddressAnnouncer(io::EventLoop& loop, NetworkInterface interface, InterfaceAddress address, io::Report report);
  ~AddressAnnouncer();
  AddressAnnouncer(const AddressAnnouncer&) = delete;
  AddressAnnouncer& operator=(const AddressAnnouncer&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::linux_io

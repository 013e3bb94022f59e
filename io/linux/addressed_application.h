// Addresses that clients use, wherever the application runs: an application's phases, with the addresses there while it
// may serve.
#pragma once

#include "io/application.h"
#include "io/linux/address_announcer.h"
#include "io/report.h"

#include <memory>
#include <string>
#include <vector>

namespace lockstep::io {
class EventLoop;
class EventQueue;
}  // namespace lockstep::io

namespace lockstep::linux_io {

using io::ServiceAddress;

/// From whichever interface has them; what fails is reported, and leads to false.
bool remove_addresses(const std::vector<ServiceAddress>& addresses, const io::Report& report);

/// Before `start` the addresses are added and announced; before `poststop` and `kill` they are taken away. An address
/// that cannot be added is a start that fails, and says why. One that somebody else has, too, is no reason to wait, as
/// the other server may be one that hangs: it is reported, and claimed.
///
/// Whoever may run the application at all is decided elsewhere; an address is nowhere without it. `application`, loop
/// and queue outlive it; used on the loop's thread. Its end leaves addresses as they are, as it leaves the application.
class AddressedApplication final : public io::Application {
 public:
  AddressedApplication(io::EventLoop& loop, io::EventQueue& queue, io::Application& application,
                       std::vector<ServiceAddress> addresses, io::Report report);

  void run(Ticket ticket, io::Phase phase) override;
  /// The application of an earlier daemon goes on here: its addresses, which are there already, are announced again. To
  /// be called once it is decided that it does; until then somebody else may rightly have them.
  void take_up();

 private:
  /// Empty, or why not.
  std::string add_all();
  std::string add(const ServiceAddress& wanted);
  void remove_all();

  io::EventLoop& loop_;
  io::EventQueue& queue_;
  io::Application& application_;
  const std::vector<ServiceAddress> addresses_;
  const io::Report report_;
  std::vector<std::unique_ptr<AddressAnnouncer>> announcers_;
};

}  // namespace lockstep::linux_io

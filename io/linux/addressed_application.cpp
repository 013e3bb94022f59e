#include "io/linux/addressed_application.h"

#include "io/asio/event_queue.h"

#include <cstring>
#include <utility>

namespace lockstep::linux_io {

AddressedApplication::AddressedApplication(io::EventLoop& loop, io::EventQueue& queue, io::Application& application,
                                           std::vector<ServiceAddress> addresses, io::Report report)
    : loop_(loop),
      queue_(queue),
      application_(application),
      addresses_(std::move(addresses)),
      report_(std::move(report)) {}

void AddressedApplication::run(Ticket ticket, io::Phase phase) {
  if (phase == io::Phase::start) {
    if (std::string error = add_all(); !error.empty()) {
      remove_all();
      queue_.post(io::PhaseEnded{ticket, false, std::move(error)});
      return;
    }
  }
  if (phase == io::Phase::poststop || phase == io::Phase::kill) remove_all();
  application_.run(ticket, phase);
}

void AddressedApplication::take_up() {
  // Whoever is served is better served without one of them than not at all.
  if (const std::string error = add_all(); !error.empty()) report_(io::Severity::error, error);
}

std::string AddressedApplication::add_all() {
  announcers_.clear();
  for (const ServiceAddress& wanted : addresses_) {
    if (std::string error = add(wanted); !error.empty()) return error;
  }
  return {};
}

std::string AddressedApplication::add(const ServiceAddress& wanted) {
  const auto interface =
      wanted.interface.empty() ? interface_in_network_of(wanted.address) : find_interface(wanted.interface);
  if (!interface) {
    return "address " + to_string(wanted.address) +
           (wanted.interface.empty() ? " fits no interface of this server: name one with interface = \"...\""
                                     : " needs interface " + wanted.interface + ", which this server does not have");
  }
  if (const int error = add_address(*interface, wanted.address); error != 0) {
    return "address " + to_string(wanted.address) + " cannot be added to " + interface->name + ": " +
           std::strerror(error);
  }
  report_(io::Severity::info, "address " + to_string(wanted.address) + " is on " + interface->name);
  if (!interface->up) {
    report_(io::Severity::warning,
            "interface " + interface->name + " is down: no client reaches address " + to_string(wanted.address));
  }
  announcers_.push_back(std::make_unique<AddressAnnouncer>(loop_, *interface, wanted.address, report_));
  return {};
}

void AddressedApplication::remove_all() {
  announcers_.clear();
  remove_addresses(addresses_, report_);
}

bool remove_addresses(const std::vector<ServiceAddress>& addresses, const io::Report& report) {
  bool removed = true;
  for (const ServiceAddress& each : addresses) {
    const int error = remove_address(each.address);
    if (error == 0) continue;
    removed = false;
    report(io::Severity::error,
           "address " + to_string(each.address) + " cannot be taken away: " + std::strerror(error));
  }
  return removed;
}

}  // namespace lockstep::linux_io

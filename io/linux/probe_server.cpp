// What the machine itself must have: an interface, an address, space on a disk, another module.
#include "io/linux/background_work.h"
#include "io/linux/network_interface.h"
#include "io/linux/probe.h"

#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace lockstep::io {

namespace {

std::string in_mib(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

class PromptProbe final : public Probe {
 public:
  explicit PromptProbe(std::function<Finding()> look) : look_(std::move(look)) {}
  void look(Found found) override { found(look_()); }
  void give_up() override {}

 private:
  const std::function<Finding()> look_;
};

Finding look_at_space(const DiskSpaceCheck& check) {
  struct statvfs space {};
  if (::statvfs(check.path.c_str(), &space) != 0) return {false, check.path + ": " + std::strerror(errno)};
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  return {free_bytes >= check.free_bytes_min,
          in_mib(free_bytes) + " free in " + check.path + ", at least " + in_mib(check.free_bytes_min) + " wanted"};
}

/// A disk may hang, and the directory may be one that this process serves.
class DiskSpaceProbe final : public Probe {
 public:
  DiskSpaceProbe(EventLoop& loop, DiskSpaceCheck check) : work_(loop), check_(std::move(check)) {}

  void look(Found found) override {
    work_.begin([check = check_, found = std::move(found)] {
      return std::function<void()>([finding = look_at_space(check), found] { found(finding); });
    });
  }
  void give_up() override { work_.forget(); }

 private:
  BackgroundWork work_;
  const DiskSpaceCheck check_;
};

}  // namespace

// By ioctl, since what /sys shows are the interfaces of whoever mounted it.
Finding look_at_interface(const InterfaceCheck& check) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {false, std::string("no socket: ") + std::strerror(errno)};
  ifreq request{};
  check.name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const int result = ::ioctl(socket, SIOCGIFFLAGS, &request);
  const int error = errno;
  ::close(socket);
  if (result != 0) return {false, check.name + ": " + std::strerror(error)};
  const auto flags = static_cast<unsigned>(request.ifr_flags);
  if ((flags & IFF_UP) == 0) return {false, check.name + " is down"};
  if ((flags & IFF_RUNNING) == 0) return {false, check.name + " has no carrier"};
  return {true, check.name + " is up"};
}

Finding look_at_address(const AddressCheck& check) {
  boost::system::error_code invalid;
  const auto wanted = boost::asio::ip::make_address(check.address, invalid);
  if (invalid) return {false, check.address + " is no address"};
  const auto where = linux_io::interface_with(wanted);
  if (!where.ok()) return {false, std::string("interfaces: ") + std::strerror(where.error)};
  if (where.value.empty()) return {false, "no interface has the address " + check.address};
  return {true, check.address + " is on " + where.value};
}

std::unique_ptr<Probe> make_prompt_probe(std::function<Finding()> look) {
  return std::make_unique<PromptProbe>(std::move(look));
}

std::unique_ptr<Probe> make_disk_space_probe(EventLoop& loop, DiskSpaceCheck check) {
  return std::make_unique<DiskSpaceProbe>(loop, std::move(check));
}

}  // namespace lockstep::io

// Addresses on real interfaces, in a network of the test's own: two ends of a cable, of which the other one listens.
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/addressed_application.h"
#include "io/linux/neighbour_packets.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io {
namespace {

using io::Phase;
using io::PhaseEnded;
using std::chrono::steady_clock;

constexpr const char* cable =
    "ip link set lo up && ip link add ls0 address 02:77:00:00:00:01 type veth peer name ls1 address 02:77:00:00:00:02 "
    "&& "
    "ip address add 10.99.0.1/24 dev ls0 && ip -6 address add fd99::1/64 dev ls0 nodad && "
    "ip link set ls0 up && ip link set ls1 up && ip -6 address add fd99::2/64 dev ls1 nodad";

class Application final : public io::Application {
 public:
  explicit Application(io::EventQueue& queue) : queue_(queue) {}
  void run(Ticket ticket, Phase phase) override {
    phases.push_back(phase);
    queue_.post(PhaseEnded{ticket, true, {}});
  }
  std::vector<Phase> phases;

 private:
  io::EventQueue& queue_;
};

/// A thread's network namespace is its own, so each test leaves the process as it was.
class AddressesTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root";
    ASSERT_EQ(std::system(cable), 0);
    queue_.connect([this](Instant, io::Event event) { ended_.push_back(std::get<PhaseEnded>(event)); }, [] {});
  }
  void TearDown() override {
    if (before_.valid()) {
      ASSERT_EQ(::setns(before_.fd(), CLONE_NEWNET), 0);
    }
  }

  AddressedApplication& with(const std::vector<std::pair<std::string, std::string>>& addresses) {
    std::vector<ServiceAddress> wanted;
    for (const auto& [address, interface] : addresses) {
      wanted.push_back({*io::parse_interface_address(address), interface});
    }
    subject_ = std::make_unique<AddressedApplication>(
        loop_, queue_, application_, wanted, [this](io::Severity, const std::string& text) { said_ += text + "\n"; });
    return *subject_;
  }
  PhaseEnded run(Phase phase) {
    ended_.clear();
    subject_->run(Ticket(++ticket_), phase);
    turn_until([this] { return !ended_.empty(); });
    return ended_.empty() ? PhaseEnded{} : ended_.front();
  }
  /// Lets the loop work, at most three seconds.
  bool turn_until(const std::function<bool()>& reached) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(3);
    while (steady_clock::now() < deadline) {
      queue_.drain();
      if (reached()) return true;
      loop_.context().restart();
      loop_.context().run_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  static bool has(const std::string& address) {
    return std::system(("ip -o address | grep -qw " + address).c_str()) == 0;
  }

  Descriptor before_;
  io::EventLoop loop_;
  io::EventQueue queue_{loop_};
  Application application_{queue_};
  std::unique_ptr<AddressedApplication> subject_;
  std::vector<PhaseEnded> ended_;
  std::string said_;
  std::uint64_t ticket_ = 0;
};

/// The other end of the cable.
class Neighbour {
 public:
  explicit Neighbour(const std::string& address)
      : address_(boost::asio::ip::make_address(address)),
        interface_(*find_interface("ls1")),
        socket_(open_neighbour_socket(interface_, address_)) {}

  /// Who has told since the last call that the address is his, within `time`.
  std::optional<HardwareAddress> heard(std::chrono::milliseconds time) {
    const auto deadline = steady_clock::now() + time;
    while (steady_clock::now() < deadline) {
      pollfd ready{socket_.fd(), POLLIN, 0};
      ::poll(&ready, 1, 10);
      std::array<std::byte, 2048> packet{};
      const ssize_t got = ::recv(socket_.fd(), packet.data(), packet.size(), MSG_DONTWAIT);
      if (got < 0) continue;
      if (auto owner = claimed_by({packet.data(), static_cast<std::size_t>(got)}, address_)) return owner;
    }
    return std::nullopt;
  }
  int claim() { return announce_neighbour(socket_.fd(), interface_, address_); }

 private:
  boost::asio::ip::address address_;
  NetworkInterface interface_;
  Descriptor socket_;
};

constexpr HardwareAddress here = {0x02, 0x77, 0, 0, 0, 1};

TEST_F(AddressesTest, are_there_while_the_application_may_serve) {
  with({{"10.99.0.100/24", ""}, {"fd99::100/64", ""}, {"10.98.0.1/16", "ls0"}});
  EXPECT_TRUE(run(Phase::prestart).succeeded);
  EXPECT_FALSE(has("10.99.0.100/24"));
  EXPECT_TRUE(run(Phase::start).succeeded);
  EXPECT_TRUE(has("10.99.0.100/24"));
  EXPECT_TRUE(has("fd99::100/64"));
  EXPECT_TRUE(has("10.98.0.1/16"));
  EXPECT_TRUE(run(Phase::stop).succeeded);
  EXPECT_TRUE(has("10.99.0.100/24"));
  EXPECT_TRUE(run(Phase::poststop).succeeded);
  for (const char* address : {"10.99.0.100/24", "fd99::100/64", "10.98.0.1/16"}) EXPECT_FALSE(has(address)) << address;
  EXPECT_TRUE(has("10.99.0.1/24"));
  EXPECT_EQ(application_.phases, (std::vector{Phase::prestart, Phase::start, Phase::stop, Phase::poststop}));
}

TEST_F(AddressesTest, of_an_earlier_life_are_taken_over_and_taken_away) {
  ASSERT_EQ(std::system("ip address add 10.99.0.100/24 dev ls0"), 0);
  with({{"10.99.0.100/24", "ls0"}});
  EXPECT_TRUE(run(Phase::start).succeeded);
  EXPECT_TRUE(has("10.99.0.100/24"));
  EXPECT_TRUE(run(Phase::kill).succeeded);
  EXPECT_FALSE(has("10.99.0.100/24"));
  EXPECT_TRUE(run(Phase::kill).succeeded);
  EXPECT_EQ(application_.phases, (std::vector{Phase::start, Phase::kill, Phase::kill}));
}

TEST_F(AddressesTest, that_cannot_be_added_fail_the_start_and_leave_nothing) {
  with({{"10.99.0.100/24", ""}, {"10.55.0.1/24", ""}});
  const PhaseEnded nowhere = run(Phase::start);
  EXPECT_FALSE(nowhere.succeeded);
  EXPECT_NE(nowhere.text.find("10.55.0.1/24 fits no interface of this server"), std::string::npos) << nowhere.text;
  EXPECT_FALSE(has("10.99.0.100/24"));
  with({{"10.99.0.100/24", "eth77"}});
  const PhaseEnded missing = run(Phase::start);
  EXPECT_FALSE(missing.succeeded);
  EXPECT_NE(missing.text.find("needs interface eth77"), std::string::npos) << missing.text;
  EXPECT_TRUE(application_.phases.empty());
}

TEST_F(AddressesTest, are_announced) {
  for (const char* address : {"10.99.0.100", "fd99::100"}) {
    Neighbour neighbour(address);
    with({{std::string(address) + (address[0] == 'f' ? "/64" : "/24"), "ls0"}});
    ASSERT_TRUE(run(Phase::start).succeeded);
    EXPECT_EQ(neighbour.heard(std::chrono::milliseconds(500)), here) << address;
    run(Phase::kill);
  }
}

TEST_F(AddressesTest, that_somebody_else_claims_are_reported_and_claimed_again) {
  for (const char* address : {"10.99.0.100", "fd99::100"}) {
    said_.clear();
    Neighbour neighbour(address);
    with({{std::string(address) + (address[0] == 'f' ? "/64" : "/24"), "ls0"}});
    ASSERT_TRUE(run(Phase::start).succeeded);
    EXPECT_EQ(said_.find("also claimed"), std::string::npos) << said_;
    ASSERT_EQ(neighbour.claim(), 0);
    EXPECT_TRUE(turn_until([&] {
      return said_.find("is also claimed by 02:77:00:00:00:02 on ls0") != std::string::npos;
    })) << address
        << ": " << said_;
    while (neighbour.heard(std::chrono::milliseconds(1))) {
    }
    EXPECT_TRUE(turn_until([&] { return neighbour.heard(std::chrono::milliseconds(1)) == here; })) << address;
    run(Phase::kill);
  }
}

TEST_F(AddressesTest, that_somebody_else_has_already_are_found_by_asking) {
  const std::string place = "lockstep-addresses-" + std::to_string(::getpid());
  const std::string setup = "ip netns add " + place + " && ip link set ls1 netns " + place + " && ip -n " + place +
                            " address add 10.99.0.100/24 dev ls1 && ip -n " + place + " link set ls1 up && sleep 0.1";
  ASSERT_EQ(std::system(setup.c_str()), 0);
  with({{"10.99.0.100/24", "ls0"}});
  EXPECT_TRUE(run(Phase::start).succeeded);
  EXPECT_TRUE(turn_until([&] { return said_.find("is also claimed by 02:77:00:00:00:02") != std::string::npos; }))
      << said_;
  run(Phase::kill);
  EXPECT_EQ(std::system(("ip netns del " + place).c_str()), 0);
}

}  // namespace
}  // namespace lockstep::linux_io

// link_bench: two nodes' links over loopback, as the daemon runs them: how much data a second in frames of 1 MiB, and
// how long a frame of 4 KiB takes until its acknowledgement is back.
#include "io/asio/asio_link.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/shared_ports.h"
#include "io/tls/testing/credentials.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using namespace lockstep;
using namespace lockstep::io;

constexpr std::size_t large_bytes = std::size_t{1} << 20U;
constexpr std::size_t small_bytes = 4096;
constexpr std::size_t head_bytes = 60;
constexpr int in_flight = 8;
constexpr int large_frames = 8000;
constexpr int small_frames = 40000;
/// As the daemon's loops look for traffic before they sleep.
constexpr Duration spin_time{50'000};

double seconds_now() { return static_cast<double>(EventLoop::now().ns) / 1e9; }

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Node {
 public:
  Node(NodeId self, std::uint16_t port) : queue_(loop_) {
    AsioLinkOptions options;
    options.self = self;
    options.hello.cluster = "demo";
    options.self_address = self == NodeId::first ? "127.0.0.1" : "127.0.0.2";
    options.peer_address = self == NodeId::first ? "127.0.0.2" : "127.0.0.1";
    options.port = port;
    options.witness_address = "127.0.0.1";
    options.witness_port = 1;
    options.silence_limit = milliseconds(20'000);
    const Report silent = [](Severity, const std::string&) {};
    const tls::Context tls(tls::testing::credentials(std::string(to_string(self))));
    link = std::make_unique<AsioLink>(loop_, queue_, ports_, options, tls, silent);
    if (const std::string error = link->open(); !error.empty()) std::fprintf(stderr, "%s\n", error.c_str());
    loop_.set_spin(spin_time);
  }
  ~Node() {
    loop_.stop();
    thread_.join();
    queue_.disconnect();
  }
  void run(std::function<void()> up, std::function<void(std::size_t)> arrived) {
    queue_.connect(
        [up = std::move(up), arrived = std::move(arrived)](Instant, Event event) {
          if (const auto* change = std::get_if<LinkUp>(&event); change && change->endpoint == Endpoint::peer) up();
          if (const auto* frame = std::get_if<FrameArrived>(&event)) arrived(frame->frame.size());
        },
        [this] { link->flush(); });
    thread_ = std::thread([this] { loop_.run(); });
  }
  void send(std::size_t bytes) {
    Frame frame;
    frame.head.resize(head_bytes);
    if (bytes > 0) frame.body = (bytes == small_bytes ? small_ : large_);
    link->send(Endpoint::peer, std::move(frame));
  }
  void on_loop(std::function<void()> work) { loop_.post_from_any_thread(std::move(work)); }

 private:
  EventLoop loop_;
  EventQueue queue_;
  SharedPorts ports_{[](Severity, const std::string&) {}};

 public:
  std::unique_ptr<AsioLink> link;  ///< goes before loop and queue

 private:
  Buffer small_{std::vector<std::byte>(small_bytes, std::byte{7})};
  Buffer large_{std::vector<std::byte>(large_bytes, std::byte{7})};
  std::thread thread_;
};

}  // namespace

int main() {
  Node first(NodeId::first, 0);
  Node second(NodeId::second, first.link->port());
  std::counting_semaphore<> ups(0);
  std::binary_semaphore done(0);
  int to_send = 0;
  int unanswered = 0;
  std::size_t bytes = 0;
  double asked = 0;
  std::vector<double> times;
  second.run([&] { ups.release(); }, [&](std::size_t) { second.send(0); });
  first.run([&] { ups.release(); },
            [&](std::size_t) {
              if (bytes == small_bytes) {
                times.push_back(seconds_now() - asked);
                asked = seconds_now();
              }
              if (to_send > 0) {
                --to_send;
                first.send(bytes);
              } else if (--unanswered == 0) {
                done.release();
              }
            });
  ups.acquire();
  ups.acquire();
  const auto measure = [&](std::size_t size, int frames, int window) {
    const double processor = processor_seconds();
    const double start = seconds_now();
    first.on_loop([&, size, frames, window] {
      bytes = size;
      to_send = frames - window;
      unanswered = window;
      asked = seconds_now();
      for (int i = 0; i < window; ++i) first.send(size);
    });
    done.acquire();
    return std::pair(seconds_now() - start, processor_seconds() - processor);
  };
  measure(large_bytes, large_frames / 10, in_flight);
  const auto [large, large_processor] = measure(large_bytes, large_frames, in_flight);
  std::printf("1 MiB frames, %d in flight   %7.0f MB/s   %.2f processor-seconds per GB\n", in_flight,
              large_frames * static_cast<double>(large_bytes) / large / 1e6,
              large_processor / (large_frames * static_cast<double>(large_bytes) / 1e9));
  const auto [small, small_processor] = measure(small_bytes, small_frames, 1);
  std::sort(times.begin(), times.end());
  std::printf("4 KiB frame and its answer   %7.1f us median, %.1f us at 99%%, %.1f us of processor\n",
              times[times.size() / 2] * 1e6, times[times.size() * 99 / 100] * 1e6,
              small_processor / small_frames * 1e6);
  return small > 0 ? 0 : 1;
}

#include "io/asio/asio_link.h"

#include "engine/values/check.h"
#include "io/asio/dialer.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/greeter.h"
#include "io/asio/link_end.h"
#include "io/asio/loop_line.h"
#include "io/asio/shared_ports.h"

#include <utility>

namespace lockstep::io {

namespace {

/// Holds the largest write of the application (1 MiB) twice, so that few frames cross from one block to the next.
constexpr std::size_t peer_block_bytes = (std::size_t{2} << 20U) + 4096;
constexpr std::size_t witness_block_bytes = std::size_t{64} << 10U;

}  // namespace

class AsioLink::Impl {
 public:
  Impl(EventLoop& loop, EventQueue& queue, SharedPorts& ports, AsioLinkOptions options, tls::Context tls,
       const Report& report)
      : loop_(loop),
        ports_(ports),
        options_(with_place(std::move(options))),
        tls_(std::move(tls)),
        peer_pool_(std::make_shared<ReceivePool>(peer_block_bytes)),
        witness_pool_(std::make_shared<ReceivePool>(witness_block_bytes)),
        peer_(queue, Endpoint::peer, "peer", report, [this] { redial(peer_dialer_); }),
        witness_(queue, Endpoint::witness, "witness", report, [this] { redial(witness_dialer_); }) {
    if (options_.self == NodeId::first) {
      greeter_ =
          std::make_unique<Greeter>(loop, peer_pool_, tls_, report,
                                    [this](const Hello& theirs, const std::optional<tls::Identity>& certificate,
                                           const std::string& remote) { return judge(theirs, certificate, remote); });
    } else {
      peer_dialer_ = dialer(loop, options_.self_address, options_.peer_address, options_.port, "peer",
                            std::string(to_string(other(options_.self))), peer_pool_, report, peer_);
    }
    if (options_.witness_address.empty()) return;
    // The witness may be on another network: the routing table knows from which address it is reached.
    witness_dialer_ = dialer(loop, {}, options_.witness_address, options_.witness_port, "witness", "witness",
                             witness_pool_, report, witness_);
  }

  std::string open() {
    if (greeter_) {
      auto claimed = ports_.claim(options_.self_address, options_.port, options_.hello.module,
                                  [this, far = line_.far()](const std::shared_ptr<CallerSocket>& caller) {
                                    far.post([this, caller] { greeter_->greet(caller->release(loop_.context())); });
                                  });
      if (!claimed.error.empty()) return claimed.error;
      claim_ = std::move(claimed.claim);
    }
    if (peer_dialer_) peer_dialer_->dial();
    if (witness_dialer_) witness_dialer_->dial();
    return {};
  }

  std::uint16_t port() const { return claim_ ? claim_->port() : 0; }

  LinkEnd& end(Endpoint endpoint) {
    LOCKSTEP_CHECK(endpoint == Endpoint::peer || endpoint == Endpoint::witness, "a node talks to peer and witness");
    return endpoint == Endpoint::peer ? peer_ : witness_;
  }

  void flush() {
    peer_.flush();
    witness_.flush();
  }

 private:
  static AsioLinkOptions with_place(AsioLinkOptions options) {
    options.hello.place = to_string(options.self);
    return options;
  }

  static void redial(const std::unique_ptr<Dialer>& dialer) {
    if (dialer) dialer->dial_again_after_pause();
  }

  std::unique_ptr<Dialer> dialer(EventLoop& loop, const std::string& local_address, const std::string& address,
                                 std::uint16_t port, const std::string& description, const std::string& place,
                                 const std::shared_ptr<ReceivePool>& pool, const Report& report, LinkEnd& end) {
    DialerOptions options{local_address, address, port, description, place, options_.hello, tls_};
    return std::make_unique<Dialer>(loop, std::move(options), pool, report,
                                    [this, &end](std::shared_ptr<FrameConnection> connection) {
                                      end.adopt(std::move(connection), options_.silence_limit);
                                    });
  }

  Greeter::Answer judge(const Hello& theirs, const std::optional<tls::Identity>& certificate,
                        const std::string& remote) {
    const std::string expected(to_string(other(options_.self)));
    return {options_.hello, disagreement(options_.hello, theirs, certificate, remote, expected),
            [this](std::shared_ptr<FrameConnection> connection) {
              peer_.adopt(std::move(connection), options_.silence_limit);
            }};
  }

  EventLoop& loop_;
  SharedPorts& ports_;
  const AsioLinkOptions options_;
  const tls::Context tls_;
  const std::shared_ptr<ReceivePool> peer_pool_;
  const std::shared_ptr<ReceivePool> witness_pool_;
  LinkEnd peer_;
  LinkEnd witness_;
  std::unique_ptr<Greeter> greeter_;
  std::unique_ptr<Dialer> peer_dialer_;
  std::unique_ptr<Dialer> witness_dialer_;
  LoopLine line_{loop_};
  std::unique_ptr<SharedPorts::Claim> claim_;
};

AsioLink::AsioLink(EventLoop& loop, EventQueue& queue, SharedPorts& ports, AsioLinkOptions options, tls::Context tls,
                   const Report& report)
    : impl_(std::make_unique<Impl>(loop, queue, ports, std::move(options), std::move(tls), report)) {}

AsioLink::~AsioLink() = default;

std::string AsioLink::open() { return impl_->open(); }

std::uint16_t AsioLink::port() const { return impl_->port(); }

void AsioLink::send(Endpoint to, Frame frame) { impl_->end(to).send(std::move(frame)); }

void AsioLink::reset(Endpoint to) { impl_->end(to).reset(); }

void AsioLink::flush() { impl_->flush(); }

}  // namespace lockstep::io

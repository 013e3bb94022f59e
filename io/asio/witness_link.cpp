#include "io/asio/witness_link.h"

#include "engine/values/check.h"
#include "io/asio/acceptor.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/asio/greeter.h"
#include "io/asio/link_end.h"

#include <utility>

namespace lockstep::io {

namespace {
/// The witness exchanges small messages only.
constexpr std::size_t block_bytes = std::size_t{64} << 10U;
}  // namespace

class WitnessLink::Impl {
 public:
  Impl(EventQueue& queue, Duration silence_limit, const Report& report)
      : silence_limit_(silence_limit),
        first_(queue, Endpoint::first, "first node", report, [] {}),
        second_(queue, Endpoint::second, "second node", report, [] {}) {}

  LinkEnd& end(Endpoint endpoint) {
    LOCKSTEP_CHECK(endpoint == Endpoint::first || endpoint == Endpoint::second, "a witness talks to the two nodes");
    return endpoint == Endpoint::first ? first_ : second_;
  }

  const Duration silence_limit_;
  LinkEnd first_;
  LinkEnd second_;
};

WitnessLink::WitnessLink(EventQueue& queue, Duration silence_limit, const Report& report)
    : impl_(std::make_unique<Impl>(queue, silence_limit, report)) {}

WitnessLink::~WitnessLink() = default;

void WitnessLink::send(Endpoint to, Frame frame) { impl_->end(to).send(std::move(frame)); }

void WitnessLink::reset(Endpoint to) { impl_->end(to).reset(); }

void WitnessLink::flush() {
  impl_->first_.flush();
  impl_->second_.flush();
}

void WitnessLink::adopt(const std::string& place, std::shared_ptr<FrameConnection> connection) {
  LinkEnd& end = place == "first" ? impl_->first_ : impl_->second_;
  end.adopt(std::move(connection), impl_->silence_limit_);
}

class WitnessServer::Impl {
 public:
  Impl(EventLoop& loop, Hello hello, tls::Context tls, const Report& report, Admit admit)
      : hello_(std::move(hello)),
        admit_(std::move(admit)),
        greeter_(loop, std::make_shared<ReceivePool>(block_bytes), std::move(tls), report,
                 [this](const Hello& theirs, const std::optional<tls::Identity>& certificate,
                        const std::string& remote) { return judge(theirs, certificate, remote); }),
        acceptor_(loop.context(), report,
                  [this](boost::asio::ip::tcp::socket socket) { greeter_.greet(std::move(socket)); }) {}

  Greeter::Answer judge(const Hello& theirs, const std::optional<tls::Identity>& certificate,
                        const std::string& remote) {
    Hello mine = hello_;
    mine.place = "witness";
    mine.module = theirs.module;
    Greeter::Answer answer{mine, disagreement(mine, theirs, certificate, remote, {}), {}};
    if (answer.refusal.empty() && theirs.place != "first" && theirs.place != "second") {
      answer.refusal = remote + " says that its place is \"" + theirs.place + "\": only nodes call a witness";
    }
    if (!answer.refusal.empty()) return answer;
    Admission admission = admit_(theirs, remote);
    answer.refusal = std::move(admission.refusal);
    answer.established = [link = admission.link, place = theirs.place](std::shared_ptr<FrameConnection> connection) {
      link->adopt(place, std::move(connection));
    };
    return answer;
  }

  const Hello hello_;
  const Admit admit_;
  Greeter greeter_;
  Acceptor acceptor_;
};

WitnessServer::WitnessServer(EventLoop& loop, Hello hello, tls::Context tls, const Report& report, Admit admit)
    : impl_(std::make_unique<Impl>(loop, std::move(hello), std::move(tls), report, std::move(admit))) {}

WitnessServer::~WitnessServer() = default;

std::string WitnessServer::listen(const std::string& address, std::uint16_t port) {
  std::string error = impl_->acceptor_.bind(address, port);
  return error.empty() ? impl_->acceptor_.listen() : error;
}

std::uint16_t WitnessServer::port() const { return impl_->acceptor_.port(); }

}  // namespace lockstep::io

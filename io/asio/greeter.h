// The answering end of links: hears who calls, and refuses or hands the connection on.
#pragma once

#include "io/asio/frame_connection.h"
#include "io/asio/hello.h"
#include "io/report.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lockstep::io {

class EventLoop;

/// Callers that have connected and not finished their handshake; more are closed at once.
inline constexpr std::size_t greetings_max = 64;
/// A caller that says nothing for this long is none of ours.
inline constexpr std::chrono::milliseconds greeting_time_max{2000};

/// Used on the loop's thread.
class Greeter {
 public:
  using Established = std::function<void(std::shared_ptr<FrameConnection>)>;
  struct Answer {
    Hello mine;
    std::string refusal;      ///< empty: agreed
    Established established;  ///< takes the connection once the caller has agreed too
  };
  /// `certificate`: for whom the caller's speaks; `remote`: its address.
  using Judge = std::function<Answer(const Hello& theirs, const std::optional<tls::Identity>& certificate,
                                     const std::string& remote)>;

  Greeter(EventLoop& loop, std::shared_ptr<ReceivePool> pool, tls::Context tls, Report report, Judge judge);
  ~Greeter();

  void greet(boost::asio::ip::tcp::socket socket);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io

#include "prod/daemon/expiry_watch.h"

#include "io/tls/credentials.h"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace lockstep::prod {

namespace {
constexpr std::chrono::hours interval{24};
}  // namespace

ExpiryWatch::ExpiryWatch(boost::asio::io_context& context, std::string configuration, tls::Identity identity,
                         io::Report report)
    : configuration_(std::move(configuration)),
      identity_(std::move(identity)),
      report_(std::move(report)),
      timer_(context) {
  look_again();
}

void ExpiryWatch::look_again() {
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    const tls::LoadedCredentials loaded = tls::load_credentials(configuration_, identity_);
    for (const std::string& problem : loaded.problems) report_(io::Severity::error, problem);
    if (!loaded.warning.empty()) report_(io::Severity::warning, loaded.warning);
    look_again();
  });
}

}  // namespace lockstep::prod

// Says once a day what an administrator has to know of this server's certificate: it will not be good for ever.
#pragma once

#include "io/report.h"
#include "io/tls/certificate.h"

#include <string>

#include <boost/asio/steady_timer.hpp>

namespace lockstep::prod {

/// Runs on the thread of `context`, which outlives it. The files are looked at, not what the daemon has read of them.
class ExpiryWatch {
 public:
  ExpiryWatch(boost::asio::io_context& context, std::string configuration, tls::Identity identity, io::Report report);

 private:
  void look_again();

  const std::string configuration_;
  const tls::Identity identity_;
  const io::Report report_;
  boost::asio::steady_timer timer_;
};

}  // namespace lockstep::prod

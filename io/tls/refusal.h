// Why a TLS connection did not come about, in words that say what to do.
#pragma once

#include <string>

using SSL = struct ssl_st;

namespace lockstep::tls {

/// `code`: of OpenSSL's error queue. A clause that follows the other end's address: "shows a certificate that ...".
std::string refusal_text(SSL* ssl, unsigned long code);

}  // namespace lockstep::tls

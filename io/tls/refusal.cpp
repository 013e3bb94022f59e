#include "io/tls/refusal.h"

#include "io/tls/certificate.h"
#include "io/tls/openssl.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace lockstep::tls {

namespace {

constexpr const char* join_again =
    "run \"lockstep invite\" on the cluster's first server, and what it prints on the machine that is wrong here";
constexpr const char* renew =
    "run \"lockstep renew\" there if it is the cluster's first server, else \"lockstep invite\" on that, and what it "
    "prints there";

std::string days(SSL* ssl, bool first) {
  const std::shared_ptr<X509> shown(SSL_get1_peer_certificate(ssl), X509_free);
  if (shown == nullptr) return "an unknown day";
  return first ? Certificate(shown).first_day() : Certificate(shown).last_day();
}

/// Why this end does not accept the other's certificate.
std::string verification_text(SSL* ssl, long code) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "shows a certificate that expired on " + days(ssl, false) + ": " + renew;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "shows a certificate that is not valid before " + days(ssl, true) +
             ": one of the two machines' clocks is wrong, set it";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return std::string(
                 "shows a certificate of another cluster's authority: correct the addresses in cluster.toml, "
                 "or ") +
             join_again;
    default:
      return std::string("shows a certificate that is not accepted (") + X509_verify_cert_error_string(code) +
             "): " + join_again;
  }
}

}  // namespace

std::string refusal_text(SSL* ssl, unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return verification_text(ssl, SSL_get_verify_result(ssl));
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "speaks without TLS: nothing unencrypted is accepted; if it is a Lockstep from before that, upgrade it";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "does not speak TLS 1.3, which is the only version accepted: if it is a Lockstep, upgrade it";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "shows no certificate: only machines that have joined this cluster may call; " + std::string(join_again);
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "wants to see a certificate, and this machine showed none: " + std::string(join_again);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return "is of another cluster's authority than this machine: correct the addresses in cluster.toml, or " +
             std::string(join_again);
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "says that this machine's certificate has expired: see \"lockstep check\", and set the clocks if it has "
             "not";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "does not accept this machine's certificate: see its log for the reason; " + std::string(join_again);
    default: break;
  }
  const char* text = ERR_reason_error_string(code);
  return std::string("breaks the rules of TLS (") + (text == nullptr ? "unknown reason" : text) +
         "): if it is a Lockstep, upgrade it";
}

}  // namespace lockstep::tls

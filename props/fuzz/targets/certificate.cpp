// Certificates of the other end, and requests for one, as files and in the words of a machine that joins: PEM around
// DER. The DER is tried by itself too, since changes of its base64 rarely hit what matters.
#include "io/tls/certificate.h"

#include "engine/values/check.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <string>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace lockstep::fuzz {

namespace {

enum class Form : std::uint8_t { der, pem };

std::string pem_of(std::string_view kind, const Buffer& der) {
  constexpr std::size_t bytes_per_line = 48;
  std::string text = "-----BEGIN " + std::string(kind) + "-----\n";
  for (std::size_t at = 0; at < der.size(); at += bytes_per_line) {
    const Buffer part = der.slice(at, std::min(bytes_per_line, der.size() - at));
    unsigned char line[bytes_per_line / 3 * 4 + 1];
    const int length =
        EVP_EncodeBlock(line, reinterpret_cast<const unsigned char*>(part.data()), static_cast<int>(part.size()));
    text.append(reinterpret_cast<const char*>(line), static_cast<std::size_t>(length)) += '\n';
  }
  return text + "-----END " + std::string(kind) + "-----\n";
}

std::string text_of(std::string_view kind, const Buffer& input) {
  Input parts(input);
  const auto form = static_cast<Form>(parts.number8());
  const Buffer rest = parts.rest();
  return form == Form::der ? pem_of(kind, rest) : std::string(rest.text());
}

bool accepts_certificate(const Buffer& input) {
  const auto certificate = tls::Certificate::from_pem(text_of("CERTIFICATE", input));
  ERR_clear_error();
  if (!certificate) return false;
  const auto again = tls::Certificate::from_pem(certificate->pem());
  LOCKSTEP_CHECK(again && again->fingerprint() == certificate->fingerprint(), "a certificate comes back");
  const auto identity = certificate->identity();
  LOCKSTEP_CHECK(again->identity() == identity, "a certificate speaks for the same place");
  if (identity) LOCKSTEP_CHECK(!identity->cluster.empty() && !identity->place.empty(), "a place has a name");
  LOCKSTEP_CHECK(!certificate->first_day().empty() && !certificate->last_day().empty(), "its days can be told");
  static_cast<void>(certificate->seconds_left());
  static_cast<void>(certificate->verify(*certificate));
  ERR_clear_error();
  return identity.has_value();
}

bool accepts_request(const Buffer& input) {
  const auto key = tls::key_of_request(text_of("CERTIFICATE REQUEST", input));
  ERR_clear_error();
  return key.has_value();
}

constexpr std::string_view certificate_base64 =
    "MIIBwzCCAWqgAwIBAgIUClJbCs2fvuqZB8nbZSChBDU4oJswCgYIKoZIzj0EAwIwHDENMAsGA1UECgwEZGVtbzELMAkGA1UEAwwC"
    "czEwIBcNMjYxMTI4MTcxNzIxWhgPMjEyNjExMDQxNzE3MjFaMBwxDTALBgNVBAoMBGRlbW8xCzAJBgNVBAMMAnMxMFkwEwYHKoZI"
    "zj0CAQYIKoZIzj0DAQcDQgAEDNXX+108X+ylI33V3OAl6sayDb9ZU3VgbZeRd6vSrdPj+GczpI3DjxejEye07vYzi2syH/X/Gf1q"
    "aGeODN6OrKOBhzCBhDAdBgNVHQ4EFgQUC0FsHFG1O26Xmrd1Ly3ilpp8v+wwHwYDVR0jBBgwFoAUC0FsHFG1O26Xmrd1Ly3ilpp8"
    "v+wwDwYDVR0TAQH/BAUwAwEB/zAxBgNVHREEKjAohhVsb2Nrc3RlcDovL2RlbW8vZmlyc3SCCWxvY2FsaG9zdIcEfwAAATAKBggq"
    "hkjOPQQDAgNHADBEAiB9Mh50RMvFrCSFh28+GfFSEA9lvl8myTEo3IxlROlpkgIgT5yZDkVS5nbvUCQdtV0/qJTLQM8KvktfrCQ7"
    "Xpoum5c=";
constexpr std::string_view request_base64 =
    "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAzV1/tdPF/spSN91dzgJerGsg2/WVN1YG2XkXer0q3T4/hnM6SN"
    "w48XoxMntO72M4trMh/1/xn9amhnjgzejqygADAKBggqhkjOPQQDAgNIADBFAiEAjPS2JOrYIFPI6IDLT0mQCjf5IsSGzrEzzEIv"
    "wRyYMH4CICShXQv7JBEmE8V5/kpppaskfJIXU9VSVq6H9nlVnNFO";

/// In both forms. Always the same, unlike what OpenSSL would make now.
std::vector<Buffer> seeds_of(std::string_view kind, std::string_view base64) {
  std::string der(base64.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(der.data()),
                      reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
  const auto padding = static_cast<std::size_t>(std::count(base64.begin(), base64.end(), '='));
  der.resize(static_cast<std::size_t>(size) - padding);
  const auto seed = [](Form form, const std::string& text) {
    return Buffer::copy_of(std::string(1, static_cast<char>(form)) + text);
  };
  return {seed(Form::der, der), seed(Form::pem, pem_of(kind, Buffer::copy_of(der)))};
}

std::vector<Buffer> certificate_seeds() { return seeds_of("CERTIFICATE", certificate_base64); }
std::vector<Buffer> request_seeds() { return seeds_of("CERTIFICATE REQUEST", request_base64); }

}  // namespace

const Target certificate{"certificate", accepts_certificate, certificate_seeds, 1024, 10'000};
const Target certificate_request{"certificate_request", accepts_request, request_seeds, 1024, 10'000};

}  // namespace lockstep::fuzz

// Keys and certificates of a cluster: made, written as PEM, read again, and asked what they say.
//
// A certificate speaks for one place of one cluster: its alternative name is the URI lockstep://CLUSTER/PLACE. That is
// what the other end of a link looks at; names and addresses of hosts are there for browsers and curl only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using EVP_PKEY = struct evp_pkey_st;
using X509 = struct x509_st;

namespace lockstep::tls {

/// For whom a certificate speaks.
struct Identity {
  std::string cluster;
  std::string place;  ///< "first", "second" or "witness"

  bool operator==(const Identity&) const = default;
};

/// A key on P-256: private, or of a request only the public half. Copies share it.
class Key {
 public:
  static Key generate();
  /// Nothing if `pem` is no private key without a passphrase.
  static std::optional<Key> from_pem(std::string_view pem);
  explicit Key(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}

  /// The private half; whoever holds it is this machine to the others.
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] EVP_PKEY* get() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

/// Copies share it.
class Certificate {
 public:
  static std::optional<Certificate> from_pem(std::string_view pem);
  explicit Certificate(std::shared_ptr<X509> certificate) : certificate_(std::move(certificate)) {}

  [[nodiscard]] std::string pem() const;
  /// SHA-256 over the whole certificate, 64 hexadecimal digits.
  [[nodiscard]] std::string fingerprint() const;
  /// Nothing if it speaks for no place of a Lockstep cluster.
  [[nodiscard]] std::optional<Identity> identity() const;
  /// "2036-11-28", in UTC.
  [[nodiscard]] std::string first_day() const;
  [[nodiscard]] std::string last_day() const;
  /// Until it is no longer valid, by this machine's clock; negative: since then.
  [[nodiscard]] std::int64_t seconds_left() const;
  /// The same in whole days.
  [[nodiscard]] std::int64_t days_left() const;
  [[nodiscard]] bool is_of(const Key& key) const;
  /// Whether `authority` has signed it and both are valid now; else why not, in OpenSSL's number and words.
  struct Verification {
    int code = 0;  ///< X509_V_OK
    std::string text;
  };
  [[nodiscard]] Verification verify(const Certificate& authority) const;
  [[nodiscard]] X509* get() const { return certificate_.get(); }

 private:
  std::shared_ptr<X509> certificate_;
};

/// Relative to now. A little before now, since the clocks of two machines differ.
struct Validity {
  std::int64_t from_seconds = -std::int64_t{24} * 3600;
  std::int64_t to_seconds = std::int64_t{3650} * 24 * 3600;
};

/// What a machine asks an authority to sign, without its private key: PKCS #10 as PEM.
std::string make_request(const Key& key);
/// The public key of a request; nothing if it is none, or is not signed by the key it names.
std::optional<Key> key_of_request(std::string_view pem);

/// Signs for one cluster. Its key stays on the server where the cluster was set up.
struct Authority {
  Key key;
  Certificate certificate;

  static Authority create(const std::string& cluster, Validity validity = {});
  /// `name`: what people call the machine; `hosts`: names and addresses under which it answers HTTPS.
  [[nodiscard]] Certificate issue(const Identity& identity, const std::string& name,
                                  const std::vector<std::string>& hosts, const Key& public_key,
                                  Validity validity = {}) const;
};

}  // namespace lockstep::tls

#include "io/tls/certificate.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"

#include <array>
#include <cstdio>
#include <ctime>

#include <openssl/pem.h>

namespace lockstep::tls {

namespace {

constexpr std::string_view uri_prefix = "lockstep://";

OwnedBio reader(std::string_view text) { return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

OwnedBio writer() { return OwnedBio(BIO_new(BIO_s_mem())); }

std::string text_of(const OwnedBio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

constexpr std::int64_t day_seconds = std::int64_t{24} * 3600;

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

std::optional<Identity> parse_uri(std::string_view uri) {
  if (!uri.starts_with(uri_prefix)) return std::nullopt;
  uri.remove_prefix(uri_prefix.size());
  const std::size_t slash = uri.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == uri.size()) return std::nullopt;
  return Identity{std::string(uri.substr(0, slash)), std::string(uri.substr(slash + 1))};
}

}  // namespace

Key Key::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  LOCKSTEP_CHECK(key != nullptr, "OpenSSL makes a key");
  return Key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

std::optional<Key> Key::from_pem(std::string_view pem) {
  EVP_PKEY* key = PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_passphrase, nullptr);
  if (key == nullptr) return std::nullopt;
  return Key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

std::string Key::pem() const {
  const OwnedBio out = writer();
  LOCKSTEP_CHECK(PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
                 "OpenSSL writes a key");
  return text_of(out);
}

std::optional<Certificate> Certificate::from_pem(std::string_view pem) {
  X509* certificate = PEM_read_bio_X509(reader(pem).get(), nullptr, no_passphrase, nullptr);
  if (certificate == nullptr) return std::nullopt;
  return Certificate(std::shared_ptr<X509>(certificate, X509_free));
}

std::string Certificate::pem() const {
  const OwnedBio out = writer();
  LOCKSTEP_CHECK(PEM_write_bio_X509(out.get(), certificate_.get()) == 1, "OpenSSL writes a certificate");
  return text_of(out);
}

std::string Certificate::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  LOCKSTEP_CHECK(X509_digest(certificate_.get(), EVP_sha256(), digest.data(), &size) == 1,
                 "OpenSSL digests a certificate");
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", digest[i]);
    text += digits.data();
  }
  return text;
}

std::optional<Identity> Certificate::identity() const {
  const OwnedNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate_.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::optional<Identity> found;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    auto parsed = parse_uri(
        {reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), static_cast<std::size_t>(ASN1_STRING_length(uri))});
    if (!parsed) continue;
    if (found) return std::nullopt;  // who speaks for two places speaks for none
    found = std::move(parsed);
  }
  return found;
}

std::string Certificate::first_day() const { return day_of(X509_get0_notBefore(certificate_.get())); }

std::string Certificate::last_day() const { return day_of(X509_get0_notAfter(certificate_.get())); }

std::int64_t Certificate::seconds_left() const {
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate_.get())) != 1) return 0;
  return days * day_seconds + seconds;
}

std::int64_t Certificate::days_left() const { return seconds_left() / day_seconds; }

bool Certificate::is_of(const Key& key) const { return X509_check_private_key(certificate_.get(), key.get()) == 1; }

Certificate::Verification Certificate::verify(const Certificate& authority) const {
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  LOCKSTEP_CHECK(store && context && X509_STORE_add_cert(store.get(), authority.get()) == 1 &&
                     X509_STORE_CTX_init(context.get(), store.get(), certificate_.get(), nullptr) == 1,
                 "OpenSSL prepares a verification");
  if (X509_verify_cert(context.get()) == 1) return {};
  const int code = X509_STORE_CTX_get_error(context.get());
  return {code, X509_verify_cert_error_string(code)};
}

}  // namespace lockstep::tls

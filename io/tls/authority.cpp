#include "engine/values/check.h"
#include "io/tls/certificate.h"
#include "io/tls/openssl.h"

#include <arpa/inet.h>

#include <openssl/bn.h>
#include <openssl/pem.h>

namespace lockstep::tls {

namespace {

/// A key that must have been made fails only where memory or the system's randomness does.
void must(bool done) { LOCKSTEP_CHECK(done, "OpenSSL makes a certificate"); }

constexpr int serial_bits = 128;

void set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, Release<BN_free>> serial(BN_new());
  must(serial && BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
       BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void set_subject(X509* certificate, const std::string& organisation, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto add = [subject](const char* field, const std::string& text) {
    must(X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1);
  };
  add("O", organisation);
  add("CN", name);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::shared_ptr<X509> blank(const std::string& cluster, const std::string& name, const Key& key, Validity validity) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  must(certificate != nullptr && X509_set_version(certificate.get(), 2) == 1);
  set_serial(certificate.get());
  set_subject(certificate.get(), cluster, name);
  must(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.from_seconds) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.to_seconds) != nullptr &&
       X509_set_pubkey(certificate.get(), key.get()) == 1);
  return certificate;
}

void sign(X509* certificate, X509* issuer, const Key& key) {
  must(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
       X509_sign(certificate, key.get(), EVP_sha256()) > 0);
}

std::string alternative_names(const Identity& identity, const std::vector<std::string>& hosts) {
  std::string names = "URI:lockstep://" + identity.cluster + "/" + identity.place;
  for (const std::string& host : hosts) {
    in6_addr ignored{};
    const bool address =
        ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
    names += (address ? ",IP:" : ",DNS:") + host;
  }
  return names;
}

}  // namespace

Authority Authority::create(const std::string& cluster, Validity validity) {
  Key key = Key::generate();
  std::shared_ptr<X509> certificate = blank(cluster, "Lockstep authority", key, validity);
  X509* own = certificate.get();
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(own, own, NID_subject_key_identifier, "hash");
  sign(own, own, key);
  return {std::move(key), Certificate(std::move(certificate))};
}

Certificate Authority::issue(const Identity& identity, const std::string& name, const std::vector<std::string>& hosts,
                             const Key& public_key, Validity validity) const {
  std::shared_ptr<X509> made = blank(identity.cluster, name, public_key, validity);
  X509* issuer = certificate.get();
  add_extension(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(made.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(made.get(), issuer, NID_subject_key_identifier, "hash");
  add_extension(made.get(), issuer, NID_authority_key_identifier, "keyid");
  add_extension(made.get(), issuer, NID_subject_alt_name, alternative_names(identity, hosts));
  sign(made.get(), issuer, key);
  return Certificate(std::move(made));
}

std::string make_request(const Key& key) {
  const OwnedRequest request(X509_REQ_new());
  const OwnedBio out(BIO_new(BIO_s_mem()));
  must(request && out && X509_REQ_set_version(request.get(), 0) == 1 &&
       X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
       X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
       PEM_write_bio_X509_REQ(out.get(), request.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::optional<Key> key_of_request(std::string_view pem) {
  const OwnedBio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const OwnedRequest request(PEM_read_bio_X509_REQ(in.get(), nullptr, no_passphrase, nullptr));
  if (!request) return std::nullopt;
  EVP_PKEY* key = X509_REQ_get_pubkey(request.get());
  if (key == nullptr) return std::nullopt;
  Key owned(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || X509_REQ_verify(request.get(), key) != 1) return std::nullopt;
  return owned;
}

}  // namespace lockstep::tls

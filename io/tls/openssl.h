// Owners of OpenSSL's objects.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace lockstep::tls {

template <auto Free>
struct Release {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};

/// A text with a passphrase would have OpenSSL ask at the terminal of a daemon.
inline int no_passphrase(char* /*room*/, int /*size*/, int /*writes*/, void* /*data*/) { return -1; }

using OwnedKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using OwnedCertificate = std::unique_ptr<X509, Release<X509_free>>;
using OwnedRequest = std::unique_ptr<X509_REQ, Release<X509_REQ_free>>;
using OwnedExtension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;
using OwnedNames = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using OwnedStore = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using OwnedStoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using OwnedBio = std::unique_ptr<BIO, Release<BIO_free>>;
using OwnedContext = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using OwnedSsl = std::unique_ptr<SSL, Release<SSL_free>>;

}  // namespace lockstep::tls

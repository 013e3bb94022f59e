#include "io/tls/stream.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"
#include "io/tls/refusal.h"
#include "io/tls/socket_bio.h"

#include <cerrno>
#include <cstring>

#include <openssl/err.h>

namespace lockstep::tls {

namespace {

/// A key of AES-GCM protects some 24 million records (RFC 8446, 5.5); with small writes that is an hour's work.
constexpr std::uint64_t records_per_key = std::uint64_t{1} << 23U;

}  // namespace

class Stream::Impl {
 public:
  Impl(const Context& context, End end, int socket, const std::string& called)
      : socket_(socket), ssl_(SSL_new(context.get())) {
    LOCKSTEP_CHECK(ssl_ != nullptr, "OpenSSL makes a connection");
    BIO* bio = socket_.make();
    SSL_set_bio(ssl_.get(), bio, bio);
    if (end == End::dialing) {
      SSL_set_connect_state(ssl_.get());
      if (!called.empty()) SSL_set_tlsext_host_name(ssl_.get(), called.c_str());
    } else {
      SSL_set_accept_state(ssl_.get());
    }
  }

  Progress outcome(int result) {
    if (result > 0) return Progress::done;
    const int error = SSL_get_error(ssl_.get(), result);
    switch (error) {
      case SSL_ERROR_WANT_READ: return Progress::wants_input;
      case SSL_ERROR_WANT_WRITE: return Progress::wants_output;
      case SSL_ERROR_ZERO_RETURN: return ended();
      default: break;
    }
    if (socket_.error != 0) return broken();
    const unsigned long code = ERR_peek_error();
    if (socket_.ended && code == 0) return ended();
    reason_ = refusal_text(ssl_.get(), code);
    return Progress::refused;
  }

  Progress broken() {
    reason_ = std::strerror(socket_.error);
    return Progress::broken;
  }

  SocketBio socket_;
  OwnedSsl ssl_;
  std::string reason_;
  std::uint64_t records_ = 0;
  std::uint64_t records_per_key_ = records_per_key;
  bool secured_ = false;

 private:
  Progress ended() {
    reason_ = secured_ ? "closed by the other end" : "ended the connection during the TLS handshake";
    return Progress::closed;
  }
};

Stream::Stream(const Context& context, End end, int socket, const std::string& called)
    : impl_(std::make_unique<Impl>(context, end, socket, called)) {}

Stream::~Stream() = default;

Progress Stream::handshake() {
  ERR_clear_error();
  const Progress progress = impl_->outcome(SSL_do_handshake(impl_->ssl_.get()));
  if (progress == Progress::done) impl_->secured_ = true;
  return progress;
}

std::optional<Identity> Stream::peer() const {
  const std::shared_ptr<X509> shown(SSL_get1_peer_certificate(impl_->ssl_.get()), X509_free);
  return shown == nullptr ? std::nullopt : Certificate(shown).identity();
}

std::vector<Certificate> Stream::chain() const {
  std::vector<Certificate> certificates;
  // At the answering end OpenSSL leaves the other end's own certificate out.
  const std::shared_ptr<X509> own(SSL_get1_peer_certificate(impl_->ssl_.get()), X509_free);
  if (own != nullptr) certificates.emplace_back(own);
  STACK_OF(X509)* shown = SSL_get_peer_cert_chain(impl_->ssl_.get());
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    X509* certificate = sk_X509_value(shown, i);
    if (own != nullptr && X509_cmp(certificate, own.get()) == 0) continue;
    X509_up_ref(certificate);
    certificates.emplace_back(std::shared_ptr<X509>(certificate, X509_free));
  }
  return certificates;
}

Progress Stream::read(std::span<std::byte> room, std::size_t& got) {
  ERR_clear_error();
  return impl_->outcome(SSL_read_ex(impl_->ssl_.get(), room.data(), room.size(), &got));
}

void Stream::readable() { impl_->socket_.drained = false; }

Progress Stream::write(std::span<const std::byte> bytes, bool more) {
  LOCKSTEP_CHECK(!bytes.empty() && bytes.size() <= record_bytes_max, "a write is one record");
  ERR_clear_error();
  impl_->socket_.more_follows = more;
  std::size_t written = 0;
  const Progress progress = impl_->outcome(SSL_write_ex(impl_->ssl_.get(), bytes.data(), bytes.size(), &written));
  if (progress == Progress::done && ++impl_->records_ % impl_->records_per_key_ == 0) {
    SSL_key_update(impl_->ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
  }
  return progress;
}

Progress Stream::send_held() {
  if (impl_->socket_.send_held()) return Progress::done;
  return impl_->socket_.error == 0 ? Progress::wants_output : impl_->broken();
}

bool Stream::holds() const { return impl_->socket_.holds(); }

void Stream::change_keys_every(std::uint64_t records) { impl_->records_per_key_ = records; }

std::string Stream::reason() const { return impl_->reason_; }

}  // namespace lockstep::tls

// The socket as OpenSSL sees it: reads ahead, and holds records back where more follow, so that a burst is few system
// calls.
#pragma once

#include <array>
#include <cstddef>
#include <sys/types.h>

using BIO = struct bio_st;

namespace lockstep::tls {

class SocketBio {
 public:
  explicit SocketBio(int socket) : socket_(socket) {}

  /// A new BIO that refers to this; its owner frees it first.
  BIO* make();

  int read(BIO* bio, char* out, std::size_t size);
  int write(BIO* bio, const char* data, std::size_t size);
  /// Sends what is held back; false if the socket does not take all of it now, or has failed (`error`).
  bool send_held();
  [[nodiscard]] bool holds() const { return held_begin_ < held_end_; }

  bool more_follows = false;  ///< the record that is written is not the last of its burst
  bool drained = false;       ///< the last read took all that the socket had
  bool ended = false;         ///< the other end has closed
  int error = 0;              ///< errno of what failed

 private:
  /// The number of bytes sent, or -1 with errno.
  ssize_t send(const char* data, std::size_t size) const;

  /// Each read(2) makes TCP tell the other end of the room that it made; copying what was read ahead once more, within
  /// the processor's cache, costs less than a read for each record.
  static constexpr std::size_t ahead_bytes = std::size_t{128} << 10U;
  /// Some records: as much as one send(2) is worth.
  static constexpr std::size_t held_bytes = std::size_t{128} << 10U;

  const int socket_;
  std::array<char, ahead_bytes> ahead_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<char, held_bytes> held_;
  std::size_t held_begin_ = 0;
  std::size_t held_end_ = 0;
};

}  // namespace lockstep::tls

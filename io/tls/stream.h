// One end of one TLS connection over a socket that does not block. It never waits: what cannot go on says for what.
#pragma once

#include "io/tls/context.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lockstep::tls {

enum class Progress : std::uint8_t {
  done,
  wants_input,   ///< go on when the socket is readable
  wants_output,  ///< go on when the socket is writable
  closed,        ///< the other end has ended the connection
  broken,        ///< the socket has failed
  refused,       ///< one of the ends does not trust or understand the other: a person has to act
};

enum class End : std::uint8_t { dialing, answering };

/// A record holds this much at most; what is written in pieces of this size takes as few records as it can.
inline constexpr std::size_t record_bytes_max = 16384;

/// Used by one thread. The socket belongs to the caller and stays open as long as this lives.
class Stream {
 public:
  /// `called`: whom a dialing end wants to reach, in clear, where several are reached at one port; or empty.
  Stream(const Context& context, End end, int socket, const std::string& called = {});
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Progress handshake();
  /// For whom the other end's certificate speaks; after the handshake. Nothing: it has shown none, or of no place.
  [[nodiscard]] std::optional<Identity> peer() const;
  /// What the other end has shown, its own certificate first; for who did not have it verified.
  [[nodiscard]] std::vector<Certificate> chain() const;

  /// Decrypts into `room`, which is not empty, one record at most.
  Progress read(std::span<std::byte> room, std::size_t& got);
  /// The socket may have something new to read. Without that word a read that found it empty does not ask it again.
  void readable();

  /// One record of `bytes`, at most `record_bytes_max`. With `more` it may be held back until the next one. After
  /// wants_output the same bytes have to be given again.
  Progress write(std::span<const std::byte> bytes, bool more);
  /// Sends what is held back still, also after the last record of a burst where the socket did not take all of it.
  Progress send_held();
  [[nodiscard]] bool holds() const;

  /// After how many records this end takes a new key; by default as many as AES-GCM may protect with one.
  void change_keys_every(std::uint64_t records);

  /// What closed, broken and refused mean this time, in words that follow "the other end: ".
  [[nodiscard]] std::string reason() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::tls

// The first words on a connection, within TLS: both ends say who they are, and each says whether it agrees.
//
// The dialling end sends its Hello, the accepting end answers with its own Hello and its Verdict, the dialling end
// closes with its Verdict. Magic, protocol and program version come first and never change their place, and neither
// does the Verdict, so that two versions can always tell each other what is wrong.
#pragma once

#include "engine/values/buffer.h"
#include "io/tls/certificate.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::io {

/// Rises with every change of what is said after the handshake.
inline constexpr std::uint32_t protocol_version = 4;
/// A hello or verdict is smaller than this; whatever is larger is not Lockstep.
inline constexpr std::size_t hello_bytes_max = 4096;

struct Hello {
  std::uint32_t protocol = protocol_version;
  std::string program_version;
  std::string cluster;
  std::string module;
  std::string place;  ///< "first", "second" or "witness"
  std::string name;   ///< what people call this end, e.g. "s1"
  /// Settings that must be the same at both ends, as written in the module's file: ("timeout", "2s"). One in
  /// brackets is a section of cluster.toml. Only those that both ends name are compared.
  std::vector<std::pair<std::string, std::string>> settings;

  bool operator==(const Hello&) const = default;
};

std::vector<std::byte> encode(const Hello& hello);
/// Empty: these bytes are no hello. A hello of another protocol has its first two fields filled in.
std::optional<Hello> decode_hello(const Buffer& bytes);

struct Verdict {
  std::string refusal;  ///< empty: agreed
};

std::vector<std::byte> encode(const Verdict& verdict);
std::optional<Verdict> decode_verdict(const Buffer& bytes);

/// Why `mine` will not work with `theirs`, as a sentence with a remedy; empty if it will. `certificate` is for whom the
/// other end's certificate speaks: nobody is believed to be anybody else. `remote` is the other end's address;
/// `expected_place` what it should be, or empty if the caller checks that itself.
std::string disagreement(const Hello& mine, const Hello& theirs, const std::optional<tls::Identity>& certificate,
                         const std::string& remote, const std::string& expected_place);

}  // namespace lockstep::io

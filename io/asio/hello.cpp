#include "io/asio/hello.h"

#include <algorithm>
#include <string_view>

namespace lockstep::io {

namespace {

constexpr std::string_view magic = "LOCKSTEP";
constexpr std::size_t settings_max = 32;

class Writer {
 public:
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  void raw(std::string_view text) {
    for (const char c : text) out.push_back(static_cast<std::byte>(c));
  }
  void text(std::string_view value) {
    // Names come from checked configuration files; a refusal's text is the only thing that may be long.
    value = value.substr(0, hello_bytes_max / 2);
    number(value.size(), 2);
    raw(value);
  }
  std::vector<std::byte> out;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view raw(std::size_t size) {
    if (rest_.size() < size) {
      failed = true;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number(unsigned bytes) {
    std::uint64_t value = 0;
    const auto taken = raw(bytes);
    for (std::size_t i = 0; i < taken.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    }
    return value;
  }
  std::string text() { return std::string(raw(number(2))); }

  bool failed = false;

 private:
  std::string_view rest_;
};

}  // namespace

std::vector<std::byte> encode(const Hello& hello) {
  Writer writer;
  writer.raw(magic);
  writer.number(hello.protocol, 4);
  writer.text(hello.program_version);
  writer.text(hello.cluster);
  writer.text(hello.module);
  writer.text(hello.place);
  writer.text(hello.name);
  writer.number(hello.settings.size(), 2);
  for (const auto& [key, value] : hello.settings) {
    writer.text(key);
    writer.text(value);
  }
  return std::move(writer.out);
}

std::optional<Hello> decode_hello(const Buffer& bytes) {
  Reader reader(bytes.text());
  if (reader.raw(magic.size()) != magic) return std::nullopt;
  Hello hello;
  hello.protocol = static_cast<std::uint32_t>(reader.number(4));
  hello.program_version = reader.text();
  if (reader.failed) return std::nullopt;
  if (hello.protocol != protocol_version) return hello;
  hello.cluster = reader.text();
  hello.module = reader.text();
  hello.place = reader.text();
  hello.name = reader.text();
  const std::size_t count = reader.number(2);
  if (count > settings_max) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = reader.text();
    hello.settings.emplace_back(std::move(key), reader.text());
  }
  if (reader.failed) return std::nullopt;
  return hello;
}

std::vector<std::byte> encode(const Verdict& verdict) {
  Writer writer;
  writer.number(verdict.refusal.empty() ? 1 : 0, 1);
  writer.text(verdict.refusal);
  return std::move(writer.out);
}

std::optional<Verdict> decode_verdict(const Buffer& bytes) {
  Reader reader(bytes.text());
  const bool agreed = reader.number(1) == 1;
  Verdict verdict{reader.text()};
  if (reader.failed) return std::nullopt;
  if (!agreed && verdict.refusal.empty()) verdict.refusal = "no reason given";
  if (agreed) verdict.refusal.clear();
  return verdict;
}

std::string disagreement(const Hello& mine, const Hello& theirs, const std::optional<tls::Identity>& certificate,
                         const std::string& remote, const std::string& expected_place) {
  const std::string who = (expected_place == "witness" ? "witness at " : "peer at ") + remote;
  if (theirs.protocol != mine.protocol) {
    const bool newer = theirs.protocol > mine.protocol;
    return who + " runs Lockstep " + theirs.program_version + " (protocol " + std::to_string(theirs.protocol) + "), " +
           mine.name + " runs " + mine.program_version + " (protocol " + std::to_string(mine.protocol) + "): upgrade " +
           (newer ? mine.name : "the one at " + remote);
  }
  if (!certificate) {
    return who + " shows a certificate that is for no place of a cluster: give it one of its own with \"lockstep " +
           "invite\" on the cluster's first server";
  }
  if (theirs.cluster == mine.cluster && certificate->cluster != mine.cluster) {
    return who + " shows a certificate of cluster \"" + certificate->cluster + "\", but this is \"" + mine.cluster +
           "\": correct the addresses in cluster.toml, or let it join this cluster (\"lockstep invite\")";
  }
  if (certificate->place != theirs.place) {
    return who + " says that it is the " + theirs.place + " of the cluster, but its certificate is for the " +
           certificate->place + ": copy no certificates between machines; run \"lockstep invite\" on the first " +
           "server for each, and list the [[node]] entries in cluster.toml in the same order everywhere";
  }
  if (theirs.cluster != mine.cluster) {
    return who + " belongs to cluster \"" + theirs.cluster + "\" but this is \"" + mine.cluster +
           "\": make name in cluster.toml agree, or correct the addresses there";
  }
  if (theirs.module != mine.module) {
    return who + " is of module \"" + theirs.module + "\" but this is \"" + mine.module +
           "\": each module must be configured on both servers, with the same port; restart lockstepd where a file is new";
  }
  if (!expected_place.empty() && theirs.place != expected_place) {
    return who + " says that it is \"" + theirs.name + "\", the " + theirs.place + " of the cluster, but the " +
           expected_place +
           " was expected: list the [[node]] entries in cluster.toml in the same order everywhere, and" +
           " check --node and the host names";
  }
  for (const auto& [key, value] : mine.settings) {
    const auto other = std::find_if(theirs.settings.begin(), theirs.settings.end(),
                                    [&key = key](const auto& setting) { return setting.first == key; });
    if (other == theirs.settings.end() || other->second == value) continue;
    std::string text = who;
    text.append(" has ").append(key).append(" = ").append(other->second).append(" but here it is ").append(value);
    text.append(": make ").append(key).append(" in ");
    text.append(key.starts_with("[") ? "cluster" : "modules/" + mine.module).append(".toml agree on both servers");
    return text;
  }
  return {};
}

}  // namespace lockstep::io

// The first words on a connection: who is there, and whether it agrees. Anybody who reaches the port can say them.
#include "engine/values/check.h"
#include "io/asio/hello.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

enum class Word : std::uint8_t { hello, verdict };

io::Hello own_hello() { return {io::protocol_version, "1.0", "office", "data", "first", "s1", {{"timeout", "2s"}}}; }

Buffer encoded(const auto& word) { return Buffer(io::encode(word)); }

bool accepts_hello(const Buffer& bytes) {
  const auto hello = io::decode_hello(bytes);
  if (!hello) return false;
  const std::string why =
      io::disagreement(own_hello(), *hello, tls::Identity{"office", "second"}, "10.0.0.2:7701", "second");
  LOCKSTEP_CHECK(!why.empty() || hello->cluster == own_hello().cluster, "nobody agrees with another cluster");
  // A text beyond what a hello may hold is cut when it is written.
  if (bytes.size() > io::hello_bytes_max / 2 || hello->protocol != io::protocol_version) return true;
  LOCKSTEP_CHECK(io::decode_hello(encoded(*hello)) == hello, "a hello comes back");
  return true;
}

bool accepts_verdict(const Buffer& bytes) {
  const auto verdict = io::decode_verdict(bytes);
  if (!verdict) return false;
  const auto again = io::decode_verdict(encoded(*verdict));
  LOCKSTEP_CHECK(again && again->refusal.empty() == verdict->refusal.empty(), "a refusal stays one");
  return true;
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto word = static_cast<Word>(parts.number8());
  return word == Word::hello ? accepts_hello(parts.rest()) : accepts_verdict(parts.rest());
}

Buffer seed(Word word, const Buffer& bytes) {
  return Buffer::copy_of(std::string(1, static_cast<char>(word)) + std::string(bytes.text()));
}

std::vector<Buffer> seeds() {
  io::Hello newer = own_hello();
  ++newer.protocol;
  return {seed(Word::hello, encoded(own_hello())), seed(Word::hello, encoded(newer)),
          seed(Word::verdict, encoded(io::Verdict{})), seed(Word::verdict, encoded(io::Verdict{"you are another"}))};
}

}  // namespace

const Target link_hello{"link_hello", accepts, seeds, 512, 40'000};

}  // namespace lockstep::fuzz

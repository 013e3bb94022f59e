// The file of a list of touches: a head and blocks, each in two copies. The input has the beginning of each block.
#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "io/linux/touch_log_format.h"
#include "props/fuzz/input.h"
#include "props/fuzz/memory_file.h"
#include "props/fuzz/targets.h"

#include <cstring>
#include <string>

namespace lockstep::fuzz {

namespace {

constexpr std::size_t given_bytes = 20;  ///< of each block: its 12 bytes of numbers and some payload

enum Damage : std::uint8_t { first_copy = 1, second_copy = 2 };

void add_block(std::vector<std::byte>& file, std::uint8_t damage, const Buffer& given) {
  std::vector<std::byte> copy(io::touch_copy_bytes);
  std::copy(given.bytes().begin(), given.bytes().end(), copy.begin());
  const std::size_t place = copy.size() - sizeof(std::uint64_t);
  const std::uint64_t sum = hash64(std::span(copy).first(place));
  for (const Damage one : {first_copy, second_copy}) {
    const std::uint64_t written = (damage & one) != 0 ? ~sum : sum;
    std::memcpy(copy.data() + place, &written, sizeof written);  // little endian, as this machine is
    file.insert(file.end(), copy.begin(), copy.end());
  }
}

bool accepts(const Buffer& input) {
  std::vector<std::byte> file;
  for (Input parts(input); !parts.empty();) {
    const std::uint8_t damage = parts.number8();
    add_block(file, damage, parts.take(given_bytes));
  }
  const std::size_t pairs = file.size() / (2 * io::touch_copy_bytes);
  const MemoryFile memory(file);
  const io::FoundTouches found = io::read_touches(memory.fd());
  if (!found.touches.readable) return false;
  LOCKSTEP_CHECK(found.blocks < pairs, "no more blocks are found than there are behind the head");
  const Buffer more = Buffer::copy_of(std::string(600, 'x'));
  LOCKSTEP_CHECK(io::cut_touches(memory.fd(), found.blocks) == 0, "it can be cut");
  LOCKSTEP_CHECK(io::append_touches(memory.fd(), found.blocks, more) == 0, "it can be written");
  const io::FoundTouches again = io::read_touches(memory.fd());
  LOCKSTEP_CHECK(again.touches.readable && again.touches.records.text() ==
                                               std::string(found.touches.records.text()) + std::string(more.text()),
                 "I7: what is listed stays listed, and what is added follows it");
  return true;
}

std::string shown(const std::vector<std::byte>& blocks) {
  const std::string_view bytes(reinterpret_cast<const char*>(blocks.data()), blocks.size());
  std::string parts;
  for (std::size_t at = 0; at < bytes.size(); at += 2 * io::touch_copy_bytes) {
    parts += '\0';
    parts += bytes.substr(at, given_bytes);
  }
  return parts;
}

std::vector<Buffer> seeds() {
  const std::string head = shown(io::touch_head());
  const std::string small = shown(io::touch_blocks(0, Buffer::copy_of("touches")));
  const std::string large = shown(io::touch_blocks(1, Buffer::copy_of(std::string(1100, 't'))));
  return {Buffer::copy_of(head), Buffer::copy_of(head + small), Buffer::copy_of(head + small + large)};
}

}  // namespace

const Target touch_log_file{"touch_log_file", accepts, seeds, 512, 9'000};

}  // namespace lockstep::fuzz

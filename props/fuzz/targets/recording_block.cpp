// One block of a recording: its compressed contents may say anything of how long they are. The checksum is made right.
#include "engine/recording/block.h"
#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "engine/wire/archive.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <string>

namespace lockstep::fuzz {

namespace {

constexpr std::uint64_t life = 0xC0FFEE;
constexpr std::size_t head_bytes = 28;
constexpr std::size_t plain_at = 16;
constexpr std::uint32_t magic = 0x6B4C5352;

Buffer block_of(std::uint32_t plain_bytes, const Buffer& stored) {
  engine::Writer writer;
  writer.raw(magic, 4);
  writer.raw(1, 8);
  writer.raw(stored.size(), 4);
  writer.raw(plain_bytes, 4);
  writer.raw(hash64(stored.bytes(), hash64(writer.bytes, life)), 8);
  writer.append(stored.bytes());
  return Buffer(std::move(writer.bytes));
}

/// How long the contents are said to be, and what is stored.
bool accepts(const Buffer& input) {
  Input parts(input);
  const std::uint32_t plain_bytes = parts.number32();
  const Buffer file = block_of(plain_bytes, parts.rest());
  const auto block = recording::read_block(file, 0, life);
  LOCKSTEP_CHECK(block.has_value() == recording::block_follows(file, 0, life), "a block is found where it is");
  if (!block) return false;
  LOCKSTEP_CHECK(block->contents.size() == plain_bytes && block->end == file.size(), "a block is as long as it says");
  if (block->contents.empty()) return true;
  const Buffer again(recording::BlockFramer(life).frame(2, block->contents.bytes()));
  const auto framed = recording::read_block(again, 0, life);
  LOCKSTEP_CHECK(framed && framed->contents == block->contents, "a block comes back");
  return true;
}

Buffer seed(const std::string& contents) {
  const Buffer framed(recording::BlockFramer(life).frame(1, std::as_bytes(std::span(contents))));
  const std::string length(framed.text().substr(plain_at, 4));
  return Buffer::copy_of(length + std::string(framed.text().substr(head_bytes)));
}

std::vector<Buffer> seeds() {
  return {seed("x"), seed(std::string(3000, 'a')), seed("much alike, much alike, much alike, not so much alike")};
}

}  // namespace

const Target recording_block{"recording_block", accepts, seeds, 512, 3'000};

}  // namespace lockstep::fuzz

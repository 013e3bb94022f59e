#include "engine/recording/block.h"

#include "engine/recording/header.h"
#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "engine/wire/archive.h"

#include <algorithm>
#include <string_view>
#include <zstd.h>

namespace lockstep::recording {

namespace {

constexpr std::string_view file_magic = "LSTEPREC";
constexpr std::uint32_t block_magic = 0x6B4C5352;  // "RSLk"
constexpr std::size_t block_head_bytes = 28;
constexpr std::size_t checksum_at = 20;
/// The fastest that is not a makeshift: records are small and much alike.
constexpr int compression_level = 1;
/// No event is larger, however many files a tree has.
constexpr std::uint64_t plain_bytes_max = std::uint64_t{1} << 30U;
/// zstd has four bytes, at least, for each block of up to 128 KiB (RFC 8878, 3.1.1.2).
constexpr std::uint64_t expansion_max = (std::uint64_t{128} << 10U) / 4;

struct BlockHead {
  std::uint64_t magic, number, stored, plain, checksum;
};

BlockHead read_head(const Buffer& bytes) {
  engine::Reader reader(bytes);
  BlockHead head{};
  head.magic = reader.raw(4);
  head.number = reader.raw(8);
  head.stored = reader.raw(4);
  head.plain = reader.raw(4);
  head.checksum = reader.raw(8);
  return head;
}

std::uint64_t checksum(std::span<const std::byte> head, std::span<const std::byte> stored, std::uint64_t life) {
  const std::uint64_t of_head = hash64(head.first(checksum_at), life);
  return hash64(stored, of_head);
}

}  // namespace

class BlockFramer::Compressor {
 public:
  Compressor() : context_(ZSTD_createCCtx()) { LOCKSTEP_CHECK(context_ != nullptr, "there is memory to compress in"); }
  ~Compressor() { ZSTD_freeCCtx(context_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Empty if that saves nothing.
  std::vector<std::byte> compress(std::span<const std::byte> plain) {
    std::vector<std::byte> bytes(plain.size());
    const std::size_t size =
        ZSTD_compressCCtx(context_, bytes.data(), bytes.size(), plain.data(), plain.size(), compression_level);
    bytes.resize(ZSTD_isError(size) != 0U ? 0 : size);
    return bytes;
  }

 private:
  ZSTD_CCtx* context_;
};

std::vector<std::byte> file_header(std::uint64_t life) {
  engine::Writer writer;
  writer.append(std::as_bytes(std::span(file_magic)));
  writer.raw(format_version, 4);
  writer.raw(0, 4);
  writer.raw(life, 8);
  return std::move(writer.bytes);
}

std::optional<FileHeader> read_file_header(const Buffer& file) {
  if (file.size() < file_header_bytes || file.text().substr(0, file_magic.size()) != file_magic) return std::nullopt;
  engine::Reader reader(file.slice(file_magic.size(), file_header_bytes - file_magic.size()));
  FileHeader header;
  header.version = static_cast<std::uint32_t>(reader.raw(4));
  reader.raw(4);
  header.life = reader.raw(8);
  return header;
}

BlockFramer::BlockFramer(std::uint64_t life) : life_(life), compressor_(std::make_unique<Compressor>()) {}
BlockFramer::~BlockFramer() = default;

std::vector<std::byte> BlockFramer::frame(std::uint64_t number, std::span<const std::byte> contents) {
  LOCKSTEP_CHECK(!contents.empty() && contents.size() <= plain_bytes_max, "a block has contents, within its limit");
  const std::vector<std::byte> compressed = compressor_->compress(contents);
  const std::span<const std::byte> stored = compressed.empty() ? contents : std::span(compressed);
  engine::Writer writer;
  writer.bytes.reserve(block_head_bytes + stored.size());
  writer.raw(block_magic, 4);
  writer.raw(number, 8);
  writer.raw(stored.size(), 4);
  writer.raw(contents.size(), 4);
  writer.raw(checksum(writer.bytes, stored, life_), 8);
  writer.append(stored);
  return std::move(writer.bytes);
}

std::optional<Block> read_block(const Buffer& file, std::size_t offset, std::uint64_t life) {
  if (offset > file.size() || file.size() - offset < block_head_bytes) return std::nullopt;
  const Buffer head_bytes = file.slice(offset, block_head_bytes);
  const BlockHead head = read_head(head_bytes);
  const std::size_t at = offset + block_head_bytes;
  if (head.magic != block_magic || head.stored > file.size() - at) return std::nullopt;
  if (head.plain > std::min(plain_bytes_max, head.stored * expansion_max)) return std::nullopt;
  const Buffer stored = file.slice(at, head.stored);
  if (checksum(head_bytes.bytes(), stored.bytes(), life) != head.checksum) return std::nullopt;
  Block block{head.number, stored, at + head.stored};
  if (head.stored != head.plain) {
    std::vector<std::byte> plain(head.plain);
    if (ZSTD_decompress(plain.data(), plain.size(), stored.data(), stored.size()) != head.plain) return std::nullopt;
    block.contents = Buffer(std::move(plain));
  }
  return block;
}

bool block_follows(const Buffer& file, std::size_t offset, std::uint64_t life) {
  engine::Writer magic;
  magic.raw(block_magic, 4);
  const std::string_view wanted(reinterpret_cast<const char*>(magic.bytes.data()), magic.bytes.size());
  for (std::size_t at = file.text().find(wanted, offset); at != std::string_view::npos;
       at = file.text().find(wanted, at + 1)) {
    if (read_block(file, at, life)) return true;
  }
  return false;
}

}  // namespace lockstep::recording

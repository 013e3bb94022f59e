#include "engine/values/file_piece.h"

#include <algorithm>

namespace lockstep {

void add_zeroes(std::vector<FilePiece>& pieces, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return;
  if (!pieces.empty() && pieces.back().zero()) {
    pieces.back().length += length;
  } else {
    pieces.push_back({offset, length, {}});
  }
}

void add_pieces(std::vector<FilePiece>& pieces, std::uint64_t offset, const Buffer& data, std::uint32_t chunk_bytes) {
  std::size_t begin = 0;  // of what is not all zero and has not been added yet
  const auto add_up_to = [&](std::size_t end) {
    if (begin < end) pieces.push_back({offset + begin, end - begin, data.slice(begin, end - begin)});
  };
  for (std::size_t at = 0; at < data.size(); at += chunk_bytes) {
    const std::size_t length = std::min<std::size_t>(chunk_bytes, data.size() - at);
    if (!all_zero(data.bytes().subspan(at, length))) continue;
    add_up_to(at);
    add_zeroes(pieces, offset + at, length);
    begin = at + length;
  }
  add_up_to(data.size());
}

}  // namespace lockstep

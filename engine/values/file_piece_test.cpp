#include "engine/values/file_piece.h"

#include <string>

#include <gtest/gtest.h>

namespace lockstep {
namespace {

/// "OFFSET+LENGTH" of each piece, with a 0 behind it where it is zero.
std::string text_of(const std::vector<FilePiece>& pieces) {
  std::string text;
  for (const FilePiece& piece : pieces) {
    EXPECT_TRUE(piece.zero() || piece.data.size() == piece.length);
    text += (text.empty() ? "" : " ") + std::to_string(piece.offset) + "+" + std::to_string(piece.length) +
            (piece.zero() ? " 0" : "");
  }
  return text;
}

/// `layout`: a letter for each two bytes, '.' for zeroes.
Buffer data_of(const std::string& layout) {
  std::string bytes;
  for (const char letter : layout) bytes.append(2, letter == '.' ? '\0' : letter);
  return Buffer::copy_of(bytes);
}

std::string cut(const std::string& layout, std::uint32_t chunk_bytes) {
  std::vector<FilePiece> pieces;
  add_pieces(pieces, 100, data_of(layout), chunk_bytes);
  return text_of(pieces);
}

TEST(FilePiece, NeighboursAreDifferent) {
  EXPECT_EQ(cut("", 2), "");
  EXPECT_EQ(cut("ab", 2), "100+4");
  EXPECT_EQ(cut("...", 2), "100+6 0");
  EXPECT_EQ(cut("ab..c", 2), "100+4 104+4 0 108+2");
  EXPECT_EQ(cut("..a.", 2), "100+4 0 104+2 106+2 0");
}

TEST(FilePiece, OnlyWholeChunksAreLeftOut) {
  EXPECT_EQ(cut("a...", 4), "100+4 104+4 0");
  EXPECT_EQ(cut("a..b", 4), "100+8");
  EXPECT_EQ(cut("ab.", 4), "100+4 104+2 0") << "the last one is shorter";
  EXPECT_EQ(cut("abc.", 1024), "100+8");
  EXPECT_EQ(cut("....", 1024), "100+8 0");
  EXPECT_EQ(cut("...a..", 3), "100+6 0 106+3 109+3 0");
}

TEST(FilePiece, ZeroesJoinThoseThatPrecedeThem) {
  std::vector<FilePiece> pieces;
  add_zeroes(pieces, 0, 0);
  EXPECT_TRUE(pieces.empty());
  add_zeroes(pieces, 0, 10);
  add_pieces(pieces, 10, data_of("..a."), 2);
  add_zeroes(pieces, 18, 4);
  EXPECT_EQ(text_of(pieces), "0+14 0 14+2 16+6 0");
}

TEST(FilePiece, TheBytesAreShared) {
  const Buffer data = data_of("a..b");
  std::vector<FilePiece> pieces;
  add_pieces(pieces, 0, data, 2);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].data.data(), data.data());
  EXPECT_EQ(pieces[2].data.data(), data.data() + 6);
}

}  // namespace
}  // namespace lockstep

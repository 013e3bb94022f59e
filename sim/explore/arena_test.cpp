#include "sim/explore/arena.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

using Table = std::map<int, std::string>;

std::string text_of(int number) {
  return std::string(static_cast<std::size_t>(number % 3000), 'x') + std::to_string(number);
}

Table table_of(int from, int to) {
  Table table;
  for (int i = from; i < to; ++i) table.emplace(i, text_of(i));
  return table;
}

TEST(ArenaTest, WhatIsRestoredIsWhatWasSaved) {
  Arena arena;
  Table* table = nullptr;
  {
    const Arena::Scope scope(arena);
    table = new Table(table_of(0, 500));
  }
  Arena::Image image;
  arena.save(image);
  for (int round = 0; round < 3; ++round) {
    {
      const Arena::Scope scope(arena);
      for (int i = 0; i < 500; i += 2) table->erase(i);
      for (int i = 1000; i < 1000 + 100 * round; ++i) (*table)[i] = text_of(i);
      (*table)[1] = "changed";
      table->extract(3);
    }
    EXPECT_NE(*table, table_of(0, 500));
    arena.restore(image);
    EXPECT_EQ(*table, table_of(0, 500));
  }
}

TEST(ArenaTest, EveryBlockIsAlignedAndItsOwn) {
  Arena arena;
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  blocks.reserve(5000);
  for (std::size_t i = 0; i < 5000; ++i) {
    const std::size_t size = i * 7919 % (i % 100 == 0 ? 100'000 : 700);
    unsigned char* block = nullptr;
    {
      const Arena::Scope scope(arena);
      block = static_cast<unsigned char*>(::operator new(size));
    }
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U);
    std::fill_n(block, size, static_cast<unsigned char>(i));
    blocks.emplace_back(block, size);
    if (i % 3 == 2) {  // what is given back is handed out again
      ::operator delete(blocks[i - 1].first);
      blocks[i - 1].second = 0;
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t at = 0; at < blocks[i].second; ++at) ASSERT_EQ(blocks[i].first[at], static_cast<unsigned char>(i));
  }
}

TEST(ArenaTest, OutsideOfAScopeNothingIsTakenBack) {
  Arena arena;
  Arena::Image image;
  arena.save(image);
  std::vector<std::string> kept;
  for (int i = 0; i < 1000; ++i) {
    kept.push_back(text_of(i));
    const Arena::Scope scope(arena);
    const std::string passing = text_of(i);
    EXPECT_EQ(passing, kept.back());
  }
  arena.restore(image);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(kept[static_cast<std::size_t>(i)], text_of(i));
}

TEST(ArenaTest, TheNextArenaBeginsEmpty) {
  Arena::Image before;
  Arena::Image after;
  {
    Arena arena;
    arena.save(before);
    const Arena::Scope scope(arena);
    std::make_unique<Table>(table_of(0, 100)).release();  // NOLINT(bugprone-unused-return-value)
  }
  Arena arena;
  arena.save(after);
  EXPECT_EQ(before.bytes(), after.bytes());
}

}  // namespace
}  // namespace lockstep::sim

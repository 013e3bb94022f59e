// What outlives a process that is killed: found again as it was, and refused where it cannot be that.
#include "io/linux/fuse_state.h"

#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

/// As another process finds it, while the first is abandoned where it is.
std::optional<FuseState> taken_over(const FuseState& state, std::string* why = nullptr) {
  std::string text;
  auto taken = FuseState::take_over(Descriptor(::fcntl(state.fd(), F_DUPFD_CLOEXEC, 0)), text);
  EXPECT_EQ(taken.has_value(), text.empty());
  if (why != nullptr) *why = text;
  return taken;
}

std::uint64_t memory_bytes(const FuseState& state) {
  struct stat status {};
  EXPECT_EQ(::fstat(state.fd(), &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

ObjectIndex::Place place_of(std::uint64_t number) {
  ObjectIndex::Place place;
  place.handle.type = 1;
  place.handle.size = 8;
  std::memcpy(place.handle.bytes.data(), &number, sizeof number);
  place.type = S_IFREG;
  return place;
}

void expect_holds(const FuseState& state, const std::unordered_map<std::uint64_t, std::uint64_t>& lookups) {
  EXPECT_EQ(state.size(), lookups.size());
  for (const auto& [number, count] : lookups) {
    const FuseState::Node* const node = state.find(number);
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(node->id(), (FileId{7, number}));
    EXPECT_EQ(node->lookups, count);
    ASSERT_TRUE(node->place());
    EXPECT_EQ(node->place()->handle, place_of(number).handle);
  }
  std::size_t visited = 0;
  state.for_each([&](const FuseState::Node& node) { visited += lookups.contains(node.number) ? 1 : 0; });
  EXPECT_EQ(visited, lookups.size());
}

TEST(FuseState, TheTableHoldsWhatAMapHoldsThroughEveryLife) {
  std::mt19937_64 random(1);
  auto made = FuseState::fresh();
  ASSERT_TRUE(made.ok());
  FuseState state = std::move(made.value);
  std::unordered_map<std::uint64_t, std::uint64_t> lookups;
  std::vector<std::uint64_t> numbers;
  for (int phase = 0; phase < 12; ++phase) {
    const bool growing = phase % 3 != 2;
    for (int i = 0; i < 4000; ++i) {
      if (!numbers.empty() && (growing ? random() % 4 == 0 : random() % 5 != 0)) {
        std::swap(numbers[random() % numbers.size()], numbers.back());
        state.erase(state.find(numbers.back()));
        lookups.erase(numbers.back());
        numbers.pop_back();
        continue;
      }
      // Many that are near to each other, as numbers with one hash are.
      const std::uint64_t number = random() % 2 == 0 ? random() | 2U : 1000 + random() % 100'000;
      if (lookups.contains(number)) {
        FuseState::publish(state.find(number)->lookups, ++lookups[number]);
      } else {
        EXPECT_EQ(state.find(number), nullptr);
        state.insert(number, {7, number}, place_of(number), 1);
        lookups[number] = 1;
        numbers.push_back(number);
      }
    }
    expect_holds(state, lookups);
    auto next = taken_over(state);
    ASSERT_TRUE(next);
    state = std::move(*next);
    expect_holds(state, lookups);
  }
}

TEST(FuseState, MillionsCostWhatIsSaidAndAreGivenBack) {
  auto made = FuseState::fresh();
  ASSERT_TRUE(made.ok());
  FuseState& state = made.value;
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t number = random() | 2U;
    if (state.find(number) != nullptr) continue;
    state.insert(number, {7, number}, place_of(number), 1);
    numbers.push_back(number);
    if (i > 10'000 && i % 10'000 == 0) {
      EXPECT_LT(memory_bytes(state), 125 * numbers.size() + 100'000);
    }
  }
  for (const std::uint64_t number : numbers) state.erase(state.find(number));
  EXPECT_EQ(state.size(), 0U);
  EXPECT_LT(memory_bytes(state), 1'000'000U);
  EXPECT_EQ(state.find(numbers.front()), nullptr);
}

/// The discipline itself: what is in memory after any of the stores is a table that holds what it should.
TEST(FuseState, AKillBetweenAnyTwoStoresLeavesIt) {
  auto made = FuseState::fresh();
  ASSERT_TRUE(made.ok());
  FuseState& state = made.value;
  std::unordered_map<std::uint64_t, std::uint64_t> lookups;
  for (std::uint64_t number = 2; number < 500; ++number) {
    state.insert(number, {7, number}, place_of(number), 1);
    lookups[number] = 1;
  }
  // Fields of one that has no number yet.
  auto* free = state.insert(1000, {7, 1000}, place_of(1000), 1);
  FuseState::publish(free->number, FuseState::number_free);
  auto taken = taken_over(state);
  ASSERT_TRUE(taken);
  expect_holds(*taken, lookups);
  // Part of a table that was being made: the next one finds its place empty.
  struct stat status {};
  ASSERT_EQ(::fstat(state.fd(), &status), 0);
  const std::vector<char> rest(1'000'000, '\x55');
  ASSERT_EQ(::pwrite(state.fd(), rest.data(), rest.size(), status.st_size), static_cast<ssize_t>(rest.size()));
  taken = taken_over(state);
  ASSERT_TRUE(taken);
  for (std::uint64_t number = 2000; number < 9000; ++number) {
    taken->insert(number, {7, number}, place_of(number), 1);
    lookups[number] = 1;
  }
  expect_holds(*taken, lookups);
}

TEST(FuseState, MessagesListingsAndExchangesAreKept) {
  auto made = FuseState::fresh();
  ASSERT_TRUE(made.ok());
  FuseState& state = made.value;
  EXPECT_TRUE(state.message().empty());
  EXPECT_TRUE(state.answer().empty());
  EXPECT_FALSE(state.agree(bytes_of(std::string(5000, 'x')), {}));
  EXPECT_TRUE(state.agree(bytes_of("message"), bytes_of("answers")));
  EXPECT_EQ(state.next_listing(), 1U);
  EXPECT_TRUE(state.begin_exchange(42, {1, 2}));
  EXPECT_TRUE(state.begin_exchange(44, {3, 4}));
  EXPECT_TRUE(state.begin_exchange(46, {5, 6}));
  state.end_exchange(44);
  EXPECT_FALSE(state.counted(48));
  state.set_counted(48);
  auto taken = taken_over(state);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(std::ranges::equal(taken->message(), bytes_of("message")));
  EXPECT_TRUE(std::ranges::equal(taken->answer(), bytes_of("answers")));
  EXPECT_EQ(taken->next_listing(), 2U);
  EXPECT_TRUE(taken->counted(48));
  EXPECT_EQ(taken->exchanging(42), (FileId{1, 2}));
  EXPECT_EQ(taken->exchanging(44), FileId::none());
  EXPECT_EQ(taken->exchanging(46), (FileId{5, 6}));
  std::size_t more = 0;
  while (taken->begin_exchange(100 + more, {9, 9})) ++more;
  EXPECT_GT(more, 1000U);
  taken->end_exchange(100);
  EXPECT_TRUE(taken->begin_exchange(1, {9, 9}));
}

TEST(FuseState, WhatItCannotBeIsRefused) {
  auto made = FuseState::fresh();
  ASSERT_TRUE(made.ok());
  made.value.insert(77, {7, 77}, place_of(77), 1);
  std::vector<std::uint64_t> words(2'000);
  ASSERT_EQ(::pread(made.value.fd(), words.data(), words.size() * 8, 0), static_cast<ssize_t>(words.size() * 8));
  const auto refuses = [&](std::size_t word, std::uint64_t value) {
    const std::uint64_t former = words[word];
    EXPECT_EQ(::pwrite(made.value.fd(), &value, sizeof value, static_cast<off_t>(word * 8)), 8);
    std::string why;
    const bool refused = !taken_over(made.value, &why);
    EXPECT_EQ(::pwrite(made.value.fd(), &former, sizeof former, static_cast<off_t>(word * 8)), 8);
    return refused;
  };
  EXPECT_TRUE(refuses(0, 5)) << "the magic number";
  EXPECT_TRUE(refuses(1, words[1] + 1)) << "the layout";
  EXPECT_TRUE(refuses(2, words[2] + 8)) << "the size of a node";
  EXPECT_TRUE(refuses(3, 2)) << "which area";
  for (const std::uint64_t offset : {std::uint64_t{0}, words[4] + 1, words[4] + 4096, ~std::uint64_t{4095}}) {
    EXPECT_TRUE(refuses(4, offset)) << "where it is";
  }
  for (const std::uint64_t capacity : {std::uint64_t{0}, words[5] * 2, ~std::uint64_t{0}, std::uint64_t{1} << 58U}) {
    EXPECT_TRUE(refuses(5, capacity)) << "how large it is";
  }
  EXPECT_TRUE(taken_over(made.value)) << "as it was";
  // A node where no search comes by.
  FuseState::Node* const node = made.value.find(77);
  node->number = 78;
  EXPECT_FALSE(taken_over(made.value));
  node->number = 77;
  node->id_high = node->id_low = 0;
  EXPECT_FALSE(taken_over(made.value));
  node->id_low = 1;
  EXPECT_FALSE(taken_over(made.value)) << "the root has another number";
  node->id_low = 77;
  node->opens_and_flags = ~std::uint64_t{0};
  EXPECT_FALSE(taken_over(made.value));
  node->opens_and_flags = 0;
  EXPECT_TRUE(taken_over(made.value));
  // No place is free, so that no search ends.
  std::vector<FuseState::Node> full(made.value.capacity());
  for (FuseState::Node& each : full) each.number = FuseState::number_removed;
  ASSERT_EQ(::pwrite(made.value.fd(), full.data(), full.size() * sizeof full[0], static_cast<off_t>(words[4])),
            static_cast<ssize_t>(full.size() * sizeof full[0]));
  EXPECT_FALSE(taken_over(made.value));

  std::string why;
  const Descriptor plain(::memfd_create("plain", MFD_CLOEXEC));
  EXPECT_FALSE(FuseState::take_over(Descriptor(::dup(plain.fd())), why)) << "it could get shorter";
  EXPECT_FALSE(FuseState::take_over(Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)), why));
  EXPECT_FALSE(FuseState::take_over(Descriptor(), why));
  EXPECT_FALSE(why.empty());
}

}  // namespace
}  // namespace lockstep::linux_io::test

// The memory that a FUSE session leaves to the next process, with some of its words changed.
#include "io/linux/fuse_state.h"

#include "engine/values/check.h"
#include "io/linux/fuse_nodes.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace lockstep::fuzz {

namespace {

using linux_io::FuseNodes;
using linux_io::FuseState;

constexpr std::uint64_t objects = 20;

FileId object(std::uint64_t number) { return {5, 1000 + number}; }

FuseState sample_state() {
  auto state = FuseState::fresh();
  LOCKSTEP_CHECK(state.ok(), "there is memory for a file");
  FuseNodes nodes(state.value);
  linux_io::ObjectIndex::Place place;
  place.handle.size = 8;
  place.type = S_IFREG;
  for (std::uint64_t i = 0; i < objects; ++i) nodes.remember(object(i), place);
  nodes.opened(object(1));
  nodes.keep(object(2));
  state.value.begin_exchange(6, object(3));
  return std::move(state.value);
}

/// What is taken must work to the end, whatever it holds.
void use(FuseState& state) {
  FuseNodes nodes(state);
  LOCKSTEP_CHECK(nodes.id_of(FuseState::number_root) == FileId::root(), "the root has its number");
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 2 * objects; ++i) {
    numbers.push_back(nodes.remember(object(i)));
    LOCKSTEP_CHECK(nodes.id_of(numbers.back()) == object(i), "a number leads to its object");
    static_cast<void>(nodes.place_of(object(i)));
    nodes.opened(object(i));
    LOCKSTEP_CHECK(nodes.released(object(i)), "what was opened can be closed");
  }
  for (const std::uint64_t number : numbers) {
    nodes.forget(number, ~std::uint64_t{0});
    nodes.lose_opens(object(0));
  }
  static_cast<void>(state.message().size() + state.answer().size() + state.next_listing());
  state.end_exchange(6);
}

bool accepts(const Buffer& input) {
  Input changes(input);
  const FuseState state = sample_state();
  while (!changes.empty()) {
    const off_t place = static_cast<off_t>(changes.number16()) * 4;
    const std::uint32_t value = changes.number32();
    LOCKSTEP_CHECK(::pwrite(state.fd(), &value, sizeof value, place) == static_cast<ssize_t>(sizeof value),
                   "memory can be written");
  }
  std::string why;
  auto taken = FuseState::take_over(linux_io::Descriptor(::dup(state.fd())), why);
  LOCKSTEP_CHECK(taken.has_value() == why.empty(), "what is refused is so for a reason");
  if (taken) use(*taken);
  return taken.has_value();
}

std::vector<Buffer> seeds() {
  // Nothing changed; the last listing; the count of an exchange.
  return {Buffer::copy_of(""), Buffer::copy_of(std::string("\x10\0\x07\0\0\0", 6)),
          Buffer::copy_of(std::string("\xA0\0\x07\0\0\0", 6))};
}

}  // namespace

const Target fuse_state{"fuse_state", accepts, seeds, 64, 10'000};

}  // namespace lockstep::fuzz

#include "sim/explore/arena.h"

#include "engine/values/check.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace lockstep::sim {

namespace {

/// Of address space; memory is taken as it is used.
constexpr std::size_t arena_bytes_max = std::size_t{1} << 30U;
/// Blocks are a multiple of it, and begin half a grain before what is handed out, with their size.
constexpr std::size_t grain = 16;
constexpr std::size_t block_head = 8;
constexpr std::size_t small_bytes_max = 1024;  ///< above, the size of a block is a power of two
constexpr std::size_t small_classes = small_bytes_max / grain;
constexpr std::size_t classes = small_classes + 64;

struct Block {
  std::size_t size_class;  ///< stays while the block is in use
  Block* next_free;        ///< where the user's bytes begin
};

/// At the beginning of the arena, so that it is saved and restored with the rest.
struct Head {
  std::size_t used;  ///< from the beginning of the arena
  std::array<Block*, classes> free;
};

std::byte* arena_begin = nullptr;  ///< stays for whoever has the next arena: its pages are there already
bool in_use = false;
bool in_scope = false;

Head& head() { return *reinterpret_cast<Head*>(arena_begin); }

bool in_arena(const void* place) {
  return reinterpret_cast<std::uintptr_t>(place) - reinterpret_cast<std::uintptr_t>(arena_begin) < arena_bytes_max;
}

std::size_t class_of(std::size_t block_bytes) {
  if (block_bytes <= small_bytes_max) return (block_bytes + grain - 1) / grain - 1;
  return small_classes + static_cast<std::size_t>(std::bit_width(block_bytes - 1));
}

std::size_t bytes_of_class(std::size_t size_class) {
  if (size_class < small_classes) return (size_class + 1) * grain;
  return std::size_t{1} << (size_class - small_classes);
}

/// Nothing where the arena is full.
void* take(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes + block_head);
  Block*& free = head().free[size_class];
  Block* block = free;
  if (block != nullptr) {
    free = block->next_free;
  } else {
    const std::size_t block_bytes = bytes_of_class(size_class);
    if (block_bytes > arena_bytes_max - head().used) return nullptr;
    block = reinterpret_cast<Block*>(arena_begin + head().used);
    block->size_class = size_class;
    head().used += block_bytes;
  }
  return reinterpret_cast<std::byte*>(block) + block_head;
}

void give_back(void* place) {
  auto* block = reinterpret_cast<Block*>(static_cast<std::byte*>(place) - block_head);
  block->next_free = head().free[block->size_class];
  head().free[block->size_class] = block;
}

}  // namespace

Arena::Arena() {
  LOCKSTEP_CHECK(!in_use, "there is one arena at a time");
  if (arena_begin == nullptr) {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* begin = mmap(nullptr, arena_bytes_max, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    arena_begin = static_cast<std::byte*>(begin);
  }
  in_use = true;
  head() = {};
  // The first block begins so that what is handed out is aligned.
  head().used = (sizeof(Head) + grain - 1) / grain * grain + grain - block_head;
}

Arena::~Arena() { in_use = false; }

Arena::Scope::Scope(Arena& /*arena*/) {
  LOCKSTEP_CHECK(!in_scope, "scopes of the arena do not nest");
  in_scope = true;
}
Arena::Scope::~Scope() { in_scope = false; }

void Arena::save(Image& image) const {
  LOCKSTEP_CHECK(!in_scope, "an image is not part of what it shows");
  const std::size_t used = head().used;
  if (image.capacity_ < used) {
    image.capacity_ = used + used / 4;
    image.bytes_ = std::make_unique_for_overwrite<std::byte[]>(image.capacity_);
  }
  image.size_ = used;
  std::memcpy(image.bytes_.get(), arena_begin, used);
}

void Arena::restore(const Image& image) {
  LOCKSTEP_CHECK(!in_scope, "nothing is at work in a world that is put back");
  std::memcpy(arena_begin, image.bytes_.get(), image.size_);
}

}  // namespace lockstep::sim

namespace {

void* allocated(std::size_t bytes) {
  return lockstep::sim::in_scope ? lockstep::sim::take(bytes) : std::malloc(bytes == 0 ? 1 : bytes);
}

void* allocated_or_thrown(std::size_t bytes) {
  void* place = allocated(bytes);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

void released(void* place) {
  if (place == nullptr) return;
  if (lockstep::sim::arena_begin != nullptr && lockstep::sim::in_arena(place)) {
    lockstep::sim::give_back(place);
  } else {
    std::free(place);
  }
}

}  // namespace

// Each form of its own: the sanitizers' versions of those that are not replaced would not come back to these. Forms for
// larger alignments are not replaced: nothing in the simulated world has one.
void* operator new(std::size_t bytes) { return allocated_or_thrown(bytes); }
void* operator new[](std::size_t bytes) { return allocated_or_thrown(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept { return allocated(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept { return allocated(bytes); }
void operator delete(void* place) noexcept { released(place); }
void operator delete[](void* place) noexcept { released(place); }
void operator delete(void* place, std::size_t /*bytes*/) noexcept { released(place); }
void operator delete[](void* place, std::size_t /*bytes*/) noexcept { released(place); }
void operator delete(void* place, const std::nothrow_t& /*tag*/) noexcept { released(place); }
void operator delete[](void* place, const std::nothrow_t& /*tag*/) noexcept { released(place); }

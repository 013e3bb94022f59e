#include "bench/counted.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace lockstep::bench {
namespace {

Counts so_far;
int uncounted = 0;

void* allocate(std::size_t size) {
  if (uncounted == 0) ++so_far.allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void* allocate_aligned(std::size_t size, std::align_val_t alignment) {
  if (uncounted == 0) ++so_far.allocations;
  const auto multiple = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(multiple, (size + multiple - 1) / multiple * multiple)) return memory;
  throw std::bad_alloc();
}

}  // namespace

Counts counts() { return so_far; }
Uncounted::Uncounted() { ++uncounted; }
Uncounted::~Uncounted() { --uncounted; }

}  // namespace lockstep::bench

void* operator new(std::size_t size) { return lockstep::bench::allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return lockstep::bench::allocate_aligned(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// The linker leads the program's calls here (--wrap).
extern "C" {
void* __real_memcpy(void* to, const void* from, std::size_t size);
void* __real_memmove(void* to, const void* from, std::size_t size);

void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  if (lockstep::bench::uncounted == 0) lockstep::bench::so_far.copied_bytes += size;
  return __real_memcpy(to, from, size);
}
void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  if (lockstep::bench::uncounted == 0) lockstep::bench::so_far.copied_bytes += size;
  return __real_memmove(to, from, size);
}
}

#include "engine/values/buffer.h"

#include "engine/values/check.h"

#include <algorithm>
#include <cstring>

namespace lockstep {

Buffer::Buffer(std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  data_ = owner->data();
  size_ = owner->size();
  owner_ = std::move(owner);
}

Buffer Buffer::copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span(text.data(), text.size()))); }

Buffer Buffer::copy_of(std::span<const std::byte> bytes) {
  const auto copy = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return {copy, copy.get(), bytes.size()};
}

Buffer Buffer::slice(std::size_t offset, std::size_t length) const {
  LOCKSTEP_CHECK(offset <= size_ && length <= size_ - offset, "a slice stays within its buffer");
  return {owner_, data_ + offset, length};
}

bool all_zero(std::span<const std::byte> bytes) {
  // Each byte equals the one before it, and the first is zero: memcmp does that many at once.
  return bytes.empty() ||
         (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

bool Buffer::all_zero() const { return lockstep::all_zero(bytes()); }

}  // namespace lockstep

#include "engine/values/buffer.h"

#include "engine/values/check.h"

#include <algorithm>

namespace lockstep {

Buffer::Buffer(std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  data_ = owner->data();
  size_ = owner->size();
  owner_ = std::move(owner);
}

Buffer Buffer::copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span(text.data(), text.size()))); }

Buffer Buffer::copy_of(std::span<const std::byte> bytes) {
  return Buffer(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

Buffer Buffer::slice(std::size_t offset, std::size_t length) const {
  LOCKSTEP_CHECK(offset <= size_ && length <= size_ - offset, "a slice stays within its buffer");
  return {owner_, data_ + offset, length};
}

bool Buffer::all_zero() const {
  return std::all_of(data_, data_ + size_, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace lockstep

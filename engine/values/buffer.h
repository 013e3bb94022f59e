// Bulk data by handle: an immutable, reference-counted run of bytes that can be sliced without a copy.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep {

class Buffer {
 public:
  Buffer() = default;
  /// Takes ownership of `bytes`.
  explicit Buffer(std::vector<std::byte> bytes);
  /// Shares `owner`, which keeps `[data, data + size)` alive and unchanged.
  Buffer(std::shared_ptr<const void> owner, const std::byte* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}

  static Buffer copy_of(std::string_view text);
  static Buffer copy_of(std::span<const std::byte> bytes);

  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  /// A part of the same bytes; `offset + length` must not exceed size().
  [[nodiscard]] Buffer slice(std::size_t offset, std::size_t length) const;
  [[nodiscard]] bool all_zero() const;

  friend bool operator==(const Buffer& a, const Buffer& b) { return a.text() == b.text(); }

 private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Also of none.
bool all_zero(std::span<const std::byte> bytes);

}  // namespace lockstep

// The bytes of a simulated file, in pages that snapshots share until one of them is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lockstep::sim {

class Content {
 public:
  static constexpr std::size_t page_bytes = 4096;
  using Page = std::array<std::byte, page_bytes>;

  [[nodiscard]] std::uint64_t size() const { return size_; }

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Truncates, or extends with a hole.
  void resize(std::uint64_t size);
  /// Zeroes [offset, offset + length) as far as the file goes.
  void zero(std::uint64_t offset, std::uint64_t length);
  [[nodiscard]] std::vector<std::byte> read(std::uint64_t offset, std::uint64_t length) const;

  /// A page, or null where there is a hole or the file has ended.
  [[nodiscard]] std::shared_ptr<const Page> page(std::size_t index) const;
  [[nodiscard]] std::size_t pages() const { return pages_.size(); }

  bool operator==(const Content& other) const;

 private:
  Page& writable(std::size_t index);

  std::uint64_t size_ = 0;
  std::vector<std::shared_ptr<Page>> pages_;  ///< null: a hole; bytes beyond size_ are zero
};

}  // namespace lockstep::sim

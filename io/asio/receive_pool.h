// Memory that frames are received into: large blocks that go back to a small stock when the last slice is gone.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace lockstep::io {

/// Thread-safe, because the last holder of a slice may be a worker of the volume.
class ReceivePool : public std::enable_shared_from_this<ReceivePool> {
 public:
  /// A block is filled to its end before the next is begun, so a held slice pins about what arrived beside it.
  explicit ReceivePool(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  struct Block {
    std::shared_ptr<std::byte> memory;
    std::size_t size = 0;
  };
  /// At least `bytes_min` large; uninitialised.
  Block take(std::size_t bytes_min);

 private:
  static constexpr std::size_t stock_blocks_max = 8;

  void give_back(std::byte* memory);

  struct Delete {
    void operator()(std::byte* memory) const { ::operator delete(memory); }
  };

  const std::size_t block_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::byte, Delete>> stock_;
};

}  // namespace lockstep::io

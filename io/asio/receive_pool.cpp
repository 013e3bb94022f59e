#include "io/asio/receive_pool.h"

#include <algorithm>
#include <new>

namespace lockstep::io {

ReceivePool::Block ReceivePool::take(std::size_t bytes_min) {
  if (bytes_min > block_bytes_) {
    auto* memory = static_cast<std::byte*>(::operator new(bytes_min));
    return {std::shared_ptr<std::byte>(memory, Delete{}), bytes_min};
  }
  std::byte* memory = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    if (!stock_.empty()) {
      memory = stock_.back().release();
      stock_.pop_back();
    }
  }
  if (memory == nullptr) memory = static_cast<std::byte*>(::operator new(block_bytes_));
  return {std::shared_ptr<std::byte>(memory, [pool = shared_from_this()](std::byte* block) { pool->give_back(block); }),
          block_bytes_};
}

void ReceivePool::give_back(std::byte* memory) {
  std::unique_ptr<std::byte, Delete> block(memory);
  const std::scoped_lock lock(mutex_);
  if (stock_.size() < stock_blocks_max) stock_.push_back(std::move(block));
}

}  // namespace lockstep::io

// First in, first out, in memory that is kept: a queue that fills and empties all the time allocates nothing.
#pragma once

#include <cstddef>
#include <utility>

#include <boost/circular_buffer.hpp>

namespace lockstep {

/// Grows as needed; clear() gives the memory back.
template <typename T>
class Queue {
 public:
  [[nodiscard]] bool empty() const { return ring_.empty(); }
  [[nodiscard]] std::size_t size() const { return ring_.size(); }
  [[nodiscard]] T& front() { return ring_.front(); }
  [[nodiscard]] const T& front() const { return ring_.front(); }
  [[nodiscard]] const T& back() const { return ring_.back(); }
  /// Counted from the front.
  [[nodiscard]] T& operator[](std::size_t index) { return ring_[index]; }

  void push_back(T item) {
    if (ring_.full()) ring_.set_capacity(ring_.empty() ? 16 : 2 * ring_.size());
    ring_.push_back(std::move(item));
  }
  T& emplace_back() {
    push_back(T{});
    return ring_.back();
  }
  void pop_front() { ring_.pop_front(); }
  void pop_back() { ring_.pop_back(); }
  void clear() { ring_ = boost::circular_buffer<T>(); }

  [[nodiscard]] auto begin() const { return ring_.begin(); }
  [[nodiscard]] auto end() const { return ring_.end(); }

 private:
  boost::circular_buffer<T> ring_;
};

}  // namespace lockstep

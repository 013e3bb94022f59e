// Taking an input apart, for targets whose decoder wants more than one run of bytes.
#pragma once

#include "engine/values/buffer.h"

#include <algorithm>
#include <cstdint>

namespace lockstep::fuzz {

class Input {
 public:
  explicit Input(Buffer bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// 0 behind the end.
  std::uint8_t number8() {
    const Buffer one = take(1);
    return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one.bytes().front());
  }
  std::uint16_t number16() {
    const std::uint16_t low = number8();
    return static_cast<std::uint16_t>(low | number8() << 8U);
  }
  std::uint32_t number32() {
    const std::uint32_t low = number16();
    return low | static_cast<std::uint32_t>(number16()) << 16U;
  }
  /// Fewer behind the end.
  Buffer take(std::size_t size) {
    const Buffer taken = bytes_.slice(0, std::min(size, bytes_.size()));
    bytes_ = bytes_.slice(taken.size(), bytes_.size() - taken.size());
    return taken;
  }
  /// In memory of its own, so that reading beyond it is noticed.
  Buffer rest() { return Buffer::copy_of(take(bytes_.size()).bytes()); }

 private:
  Buffer bytes_;
};

}  // namespace lockstep::fuzz

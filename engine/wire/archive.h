// Turning values into bytes and back. Integers are LEB128 varints (signed ones zigzag), so small values stay small
// and neither byte order nor width depends on the machine. A type lists its fields once, for both directions:
//   static void fields(auto& self, auto& archive) { archive(self.a, self.b); archive.ranged(self.kind, Kind::last); }
//
// A value has one encoding: what Writer would not have written is malformed.
#pragma once

#include "engine/values/buffer.h"
#include "engine/values/configuration.h"
#include "engine/values/file_id.h"
#include "engine/values/operation.h"
#include "engine/values/strong.h"
#include "engine/values/time.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lockstep::engine {

/// `Bytes`: the container that is written to.
template <typename Bytes>
class BasicWriter {
 public:
  Bytes bytes;

  template <typename... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }

  void raw(std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  void append(std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
  /// An enumeration whose last value is `last`.
  template <typename E>
  void ranged(const E& value, E /*last*/) {
    put(value);
  }

 private:
  template <typename T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T> || std::unsigned_integral<T>) {
      varint(static_cast<std::uint64_t>(value));
    } else if constexpr (std::signed_integral<T>) {
      const auto wide = static_cast<std::int64_t>(value);
      varint((static_cast<std::uint64_t>(wide) << 1U) ^ static_cast<std::uint64_t>(wide >> 63U));
    } else {
      T::fields(value, *this);
    }
  }
  template <typename Tag, typename R>
  void put(const Strong<Tag, R>& value) {
    varint(value.value);
  }
  void put(const Instant& value) { put(value.ns); }
  void put(const FileId& id) {
    raw(id.high, 8);
    raw(id.low, 8);
  }
  void put(const Configuration& value) { (*this)(value.epoch, value.primary, value.members.bits); }
  void put(const std::string& text) {
    varint(text.size());
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    bytes.insert(bytes.end(), begin, begin + text.size());
  }
  template <typename A, typename B>
  void put(const std::pair<A, B>& both) {
    put(both.first);
    put(both.second);
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    varint(list.size());
    for (const T& item : list) put(item);
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80U) {
      bytes.push_back(static_cast<std::byte>(value | 0x80U));
      value >>= 7U;
    }
    bytes.push_back(static_cast<std::byte>(value));
  }
};
using Writer = BasicWriter<std::vector<std::byte>>;

/// Reads what Writer wrote. Malformed input sets failed(), never reads beyond the buffer, and never allocates more
/// than the input's own size justifies.
class Reader {
 public:
  explicit Reader(Buffer input) : input_(std::move(input)) {}

  template <typename... T>
  void operator()(T&... values) {
    (get(values), ...);
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] Buffer rest() const { return input_.slice(at_, input_.size() - at_); }
  [[nodiscard]] bool at_end() const { return at_ == input_.size(); }
  [[nodiscard]] std::size_t bytes_left() const { return input_.size() - at_; }
  /// The next `size` bytes, by reference.
  Buffer take(std::uint64_t size) {
    if (size > bytes_left()) {
      fail();
      return {};
    }
    at_ += size;
    return input_.slice(at_ - size, size);
  }
  void fail() { failed_ = true; }

  template <typename E>
  void ranged(E& value, E last) {
    const std::uint64_t coded = varint();
    if (coded > static_cast<std::uint64_t>(last)) return fail();
    value = static_cast<E>(coded);
  }

  std::uint64_t raw(unsigned width) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i) value |= static_cast<std::uint64_t>(next()) << (8 * i);
    return value;
  }

 private:
  template <typename T>
  void get(T& value) {
    static_assert(!std::is_enum_v<T>, "an enumeration is read by ranged(), which knows its last value");
    if constexpr (std::unsigned_integral<T>) {
      fit(varint(), value);
    } else if constexpr (std::signed_integral<T>) {
      const std::uint64_t coded = varint();
      fit(static_cast<std::int64_t>(coded >> 1U) ^ -static_cast<std::int64_t>(coded & 1U), value);
    } else {
      T::fields(value, *this);
    }
  }
  template <typename Tag, typename R>
  void get(Strong<Tag, R>& value) {
    fit(varint(), value.value);
  }
  template <std::integral Wide, std::integral T>
  void fit(Wide wide, T& value) {
    value = static_cast<T>(wide);
    if (static_cast<Wide>(value) != wide) fail();
  }
  void get(Instant& value) { get(value.ns); }
  void get(FileId& id) {
    id.high = raw(8);
    id.low = raw(8);
  }
  void get(Configuration& value) {
    (*this)(value.epoch, value.primary, value.members.bits);
    if (value.members.bits > Members::both().bits) fail();
  }
  void get(NodeId& node) {
    const std::uint64_t coded = varint();
    if (coded > 1) return fail();
    node = static_cast<NodeId>(coded);
  }
  void get(OperationKind& kind) {
    const std::uint64_t coded = varint();
    if (coded < 1 || coded > static_cast<std::uint64_t>(OperationKind::filled)) return fail();
    kind = static_cast<OperationKind>(coded);
  }
  void get(std::string& text) {
    const std::uint64_t size = varint();
    if (size > input_.size() - at_) return fail();
    text.assign(input_.text().substr(at_, size));
    at_ += size;
  }
  template <typename A, typename B>
  void get(std::pair<A, B>& both) {
    get(both.first);
    get(both.second);
  }
  template <typename T>
  void get(std::vector<T>& list) {
    const std::uint64_t count = varint();
    if (count > input_.size() - at_) return fail();
    list.clear();
    for (std::uint64_t i = 0; i < count && !failed_; ++i) get(list.emplace_back());
  }
  std::uint64_t varint() {
    constexpr unsigned last_shift = 63;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= last_shift; shift += 7) {
      const auto byte = static_cast<std::uint64_t>(next());
      value |= (byte & 0x7FU) << shift;
      if ((byte & 0x80U) != 0) continue;
      const bool padded = byte == 0 && shift > 0;
      const bool too_large = shift == last_shift && byte > 1;
      if (padded || too_large) fail();
      return value;
    }
    fail();
    return 0;
  }
  std::byte next() {
    if (at_ >= input_.size()) {
      fail();
      return std::byte{0};
    }
    return input_.data()[at_++];
  }

  Buffer input_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace lockstep::engine

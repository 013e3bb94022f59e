// The archive of wire/archive.h with what a recording needs besides: payloads that may be left out, fields that are
// mostly empty, lists of structures without fields() of their own.
#pragma once

#include "engine/recording/elision.h"
#include "engine/wire/archive.h"

#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace lockstep::recording {

class RecordWriter : public engine::Writer {
 public:
  static constexpr bool reads = false;

  RecordWriter(Payloads payloads, ElisionKey key) : payloads_(payloads), key_(key) {}

  [[nodiscard]] bool elides() const { return payloads_ == Payloads::elided; }
  [[nodiscard]] ElisionKey key() const { return key_; }

  /// File contents.
  void bulk(const Buffer& data) {
    if (elides()) return mark(elide_bulk(data, key_));
    kept(data);
  }
  /// Contents that the engine compares.
  void compared(const std::string& text) {
    if (elides()) return mark(elide(text, key_));
    (*this)(text);
  }
  /// A text for people that may quote anything: only its length stays.
  void spoken(const std::string& text) {
    if (elides()) return (*this)(std::uint64_t{text.size()});
    (*this)(text);
  }
  void digests(const std::vector<std::uint64_t>& list) {
    (*this)(std::uint64_t{list.size()});
    for (const std::uint64_t digest : list) raw(elides() ? elide_digest(digest, key_) : digest, 8);
  }
  /// Bytes that hold nothing of the application's.
  void kept(const Buffer& data) {
    (*this)(std::uint64_t{data.size()});
    append(data.bytes());
  }
  void list(const auto& items, auto&& each) {
    (*this)(std::uint64_t{items.size()});
    for (const auto& item : items) each(item);
  }
  void table(const auto& map, auto&& each) {
    (*this)(std::uint64_t{map.size()});
    for (const auto& [key, value] : map) {
      (*this)(key);
      each(value);
    }
  }
  void maybe(const auto& optional, auto&& each) {
    (*this)(optional.has_value());
    if (optional) each(*optional);
  }
  /// Which of the fields are not empty, then those.
  template <typename... T>
  void sparse(const T&... values) {
    std::uint64_t present = 0;
    unsigned bit = 0;
    ((present |= std::uint64_t{values != T{}} << bit++), ...);
    (*this)(present);
    ((values != T{} ? (*this)(values) : void()), ...);
  }

 private:
  void mark(const ElidedPayload& elided) {
    (*this)(elided.length);
    if (elided.length > 0) raw(elided.mark, elided.length < 8 ? static_cast<unsigned>(elided.length) : 8);
  }

  Payloads payloads_;
  ElisionKey key_;
};

class RecordReader : public engine::Reader {
 public:
  static constexpr bool reads = true;

  /// What the stand-ins of one record may take in memory, so that a forged length does no harm.
  static constexpr std::uint64_t stand_in_bytes_max = std::uint64_t{64} << 20U;

  RecordReader(Buffer input, Payloads payloads, std::uint64_t stand_ins_max = stand_in_bytes_max)
      : engine::Reader(std::move(input)), payloads_(payloads), stand_in_bytes_left_(stand_ins_max) {}

  /// A new record begins.
  void begin_record() { stand_in_bytes_left_ = stand_in_bytes_max; }

  [[nodiscard]] bool elides() const { return payloads_ == Payloads::elided; }

  void bulk(Buffer& data) {
    if (elides()) {
      data = stand_in();
    } else {
      kept(data);
    }
  }
  void compared(std::string& text) {
    if (elides()) {
      text = stand_in().text();
    } else {
      (*this)(text);
    }
  }
  void spoken(std::string& text) {
    if (!elides()) return (*this)(text);
    constexpr std::string_view stands_for_it = "(left out of the recording)";
    const std::uint64_t length = checked_length();
    text = stands_for_it.substr(0, length);
    text.resize(length, '.');
  }
  void digests(std::vector<std::uint64_t>& digests) {
    list(digests, [this](std::uint64_t& digest) { digest = raw(8); });
  }
  void kept(Buffer& data) {
    std::uint64_t size = 0;
    (*this)(size);
    data = take(size);
  }
  void list(auto& items, auto&& each) {
    items.clear();
    for (std::uint64_t count = checked_count(); count > 0 && !failed(); --count) each(items.emplace_back());
  }
  void table(auto& map, auto&& each) {
    map.clear();
    for (std::uint64_t count = checked_count(); count > 0 && !failed(); --count) {
      typename std::remove_reference_t<decltype(map)>::key_type key{};
      (*this)(key);
      each(map[key]);
    }
  }
  void maybe(auto& optional, auto&& each) {
    bool present = false;
    (*this)(present);
    optional.reset();
    if (present) each(optional.emplace());
  }
  template <typename... T>
  void sparse(T&... values) {
    std::uint64_t present = 0;
    (*this)(present);
    unsigned bit = 0;
    (((present >> bit++ & 1U) != 0 ? (*this)(values) : void()), ...);
    if (present >> bit != 0) fail();
  }

 private:
  /// An item has at least one byte.
  std::uint64_t checked_count() {
    std::uint64_t count = 0;
    (*this)(count);
    if (count <= bytes_left()) return count;
    fail();
    return 0;
  }
  std::uint64_t checked_length() {
    std::uint64_t length = 0;
    (*this)(length);
    if (length > payload_bytes_max || length > stand_in_bytes_left_) {
      fail();
      return 0;
    }
    stand_in_bytes_left_ -= length;
    return length;
  }
  Buffer stand_in() {
    const std::uint64_t length = checked_length();
    if (length == 0 || failed()) return {};
    const std::uint64_t mark = raw(length < 8 ? static_cast<unsigned>(length) : 8);
    return filler({length, mark});
  }

  Payloads payloads_;
  std::uint64_t stand_in_bytes_left_;
};

}  // namespace lockstep::recording

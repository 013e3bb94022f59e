// What one file must hold, kept as plain bytes in memory.
#pragma once

#include "props/exerciser/call.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace lockstep::exerciser {

/// Which bytes of a file are right.
enum class Expect : std::uint8_t {
  exact,      ///< those that were written last
  survivors,  ///< stores into a mapping that were not synced may be lost, page by page, from any of them on
};

class FileModel {
 public:
  [[nodiscard]] const Bytes& content() const { return content_; }
  [[nodiscard]] std::uint64_t size() const { return content_.size(); }
  [[nodiscard]] Bytes read(std::uint64_t offset, std::uint64_t length) const;

  /// Grows the file if necessary; a gap is zeros.
  void write(std::uint64_t offset, std::span<const std::byte> data);
  /// Through a shared mapping, inside the file: survives only once synced.
  void store(std::uint64_t offset, std::span<const std::byte> data);
  void resize(std::uint64_t size);
  /// Zeros inside the file; does not grow it.
  void zero(std::uint64_t offset, std::uint64_t length);
  /// What was stored in these pages survives.
  void sync(std::uint64_t offset, std::uint64_t length);
  void sync() { unsynced_.clear(); }

  /// The first place that is not right; the shorter size if only the sizes differ.
  [[nodiscard]] std::optional<std::uint64_t> first_difference(const Bytes& found, Expect expect) const;

 private:
  using Pages = std::map<std::uint64_t, std::vector<Bytes>>;

  /// Whether the page that begins at `offset` is one of those that may survive.
  [[nodiscard]] bool survives(std::span<const std::byte> found, std::uint64_t offset) const;
  void change(std::uint64_t offset, std::span<const std::byte> data);
  /// Changes what may have survived likewise: whatever comes after a store survives, whether that does or not.
  void change_unsynced(std::uint64_t offset, std::span<const std::byte> data);

  Bytes content_;
  Pages unsynced_;  ///< by offset: how the page was before each store since it was synced
};

}  // namespace lockstep::exerciser

// What a FUSE session must still know when this process is killed and another takes the session up: in memory that is
// a file, so that somebody else can hold it.
#pragma once

#include "engine/values/file_id.h"
#include "io/linux/object_descriptor.h"
#include "io/linux/object_index.h"
#include "io/linux/object_outcome.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace lockstep::linux_io {

/// What a process left at any instruction is usable: an object is there from the one store of its number on, and what
/// is changed of it later is changed by one store each. Counts are raised before the kernel hears of what they count:
/// they may be left too high, never too low.
///
/// Costs about 100 bytes for each object, of which an application may make the kernel refer to millions, and no system
/// call but where the table grows or shrinks. Used on one thread. Where there is no memory std::bad_alloc is thrown, as
/// by a container.
class FuseState {
 public:
  /// Of an object that the kernel knows by a number. All of it is shared memory.
  struct Node {
    std::uint64_t number;
    std::uint64_t id_high;
    std::uint64_t id_low;
    std::uint64_t lookups;
    std::uint64_t opens_and_flags;  ///< changed together, by one store
    // Where it is beneath, as what an index has in memory goes with its process.
    std::uint8_t handle_type;
    std::uint8_t handle_size;  ///< 0: not known
    std::uint16_t object_type;
    std::array<std::uint8_t, 20> handle;

    static constexpr unsigned opens_shift = 8;  ///< below are flags of FuseNodes
    [[nodiscard]] FileId id() const { return {id_high, id_low}; }
    [[nodiscard]] std::uint64_t opens() const { return opens_and_flags >> opens_shift; }
    [[nodiscard]] std::optional<ObjectIndex::Place> place() const;
  };
  /// Numbers that no object has: a place in the table without one.
  static constexpr std::uint64_t number_free = 0;
  static constexpr std::uint64_t number_removed = ~std::uint64_t{0};
  static constexpr std::uint64_t number_root = 1;  ///< FUSE_ROOT_ID

  FuseState() = default;
  ~FuseState();
  FuseState(FuseState&& other) noexcept;
  FuseState& operator=(FuseState&& other) noexcept;
  FuseState(const FuseState&) = delete;
  FuseState& operator=(const FuseState&) = delete;

  /// Of a session that is yet to begin; knows no objects.
  static Outcome<FuseState> fresh();
  /// Of an earlier life, whose program may have been another. `why` receives what is wrong with it if it cannot be
  /// used.
  static std::optional<FuseState> take_over(Descriptor memory, std::string& why);

  [[nodiscard]] int fd() const { return memory_.fd(); }

  /// The kernel's first message and what it is answered. Once, before it is. False: they are too long to be kept.
  bool agree(std::span<const std::byte> message, std::span<const std::byte> answer);
  /// Both empty until then.
  [[nodiscard]] std::span<const std::byte> message() const;
  [[nodiscard]] std::span<const std::byte> answer() const;

  /// Never the same in one session, and never 0.
  std::uint64_t next_listing();

  /// Two names are about to be exchanged at the request of this number; `first` has the first of them. False: too many
  /// are under way.
  bool begin_exchange(std::uint64_t request, const FileId& first);
  /// FileId::none(): it was never begun.
  [[nodiscard]] FileId exchanging(std::uint64_t request) const;
  void end_exchange(std::uint64_t request);

  /// The request that has changed a count of opens last, so that it does not do so again in another life. One is
  /// enough: each is answered before the next is looked at.
  void set_counted(std::uint64_t request);
  [[nodiscard]] bool counted(std::uint64_t request) const;

  // What these return is valid until the next insert() or erase().
  [[nodiscard]] Node* find(std::uint64_t number) const;
  /// There is none of this number yet.
  Node* insert(std::uint64_t number, const FileId& id, const ObjectIndex::Place& place, std::uint64_t lookups);
  void erase(Node* node);
  /// `visit` neither inserts nor erases.
  void for_each(const std::function<void(Node&)>& visit) const;
  [[nodiscard]] std::size_t size() const { return nodes_; }
  /// How many there is room for, as it is now.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// The store that makes what was stored before it count.
  static void publish(std::uint64_t& word, std::uint64_t value);

 private:
  struct Header;
  struct Exchange;

  int map_header();
  int map_table(std::uint64_t offset, std::uint64_t capacity, Node*& table) const;
  std::string check() const;
  void clear_rest() const;
  void count();
  bool rebuild();
  void unmap();
  [[nodiscard]] std::uint64_t home(std::uint64_t number) const;
  [[nodiscard]] Node* after(Node* node) const { return node + 1 == table_ + capacity_ ? table_ : node + 1; }
  Node* place_for(std::uint64_t number) const;

  Descriptor memory_;
  Header* header_ = nullptr;
  Node* table_ = nullptr;
  std::uint64_t capacity_ = 0;
  std::size_t nodes_ = 0;
  std::size_t removed_ = 0;  ///< places that searches have to pass
};

}  // namespace lockstep::linux_io

// Memory in which a whole simulated world lives, so that the world can be put back to where it was: a copy of the
// memory is a copy of the world, with every pointer in it still right. Far cheaper than fork(2), and no part of the
// world has to know of it.
//
// Replaces the global operator new and operator delete of every program that it is linked into; outside of a Scope they
// do what they always do.
#pragma once

#include <cstddef>
#include <memory>

namespace lockstep::sim {

/// One at a time in a process, used on one thread.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// While it lives, operator new takes memory from the arena. Whatever is made meanwhile must not be referred to by
  /// what stands outside of the arena and goes on after restore() or the arena's end.
  class Scope {
   public:
    explicit Scope(Arena& arena);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };

  /// All that the arena held at one instant.
  class Image {
   public:
    [[nodiscard]] std::size_t bytes() const { return size_; }

   private:
    friend class Arena;
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
  };
  /// Overwrites `image`, whose memory is used again. Not within a Scope.
  void save(Image& image) const;
  /// What was made since is gone, without being destroyed. Not within a Scope.
  void restore(const Image& image);
};

}  // namespace lockstep::sim

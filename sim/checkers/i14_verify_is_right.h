// I14, at rest: what a verify reports is so, and what is so it reports.
//
// Checks of every verify of everything that ends as complete: each byte that differed between the two volumes when it
// began, and that nobody has written or cut off since on either node, and that differs still, was reported in the
// meantime, and each sector that could not be read all that time was reported, or written anew. And checks of every
// report of contents that one of the nodes has ever had other bytes there than were written (or, of one that cannot be
// read, that the disk has been in trouble); of names and attributes, that there is none, since no fault damages those.
//
// Does not check the other way round that a chunk that had once rotted, and is reported, differed at that place of the
// stream. Does not check what is given up before its end, nor the repair's success: the volumes at rest show it.
#pragma once

#include "sim/violation.h"
#include "sim/world/observer.h"
#include "sim/world/world.h"

#include <array>
#include <optional>

namespace lockstep::sim {

class VerifyIsRight : public Observer {
 public:
  explicit VerifyIsRight(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
               bool replicated) override;
  void rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) override;
  void stopped(Place place, bool power_lost) override;
  void healed() override;

 private:
  struct Verify {
    NodeId primary;
    Ranges differing;                  ///< from its beginning on
    std::array<Ranges, 2> unreadable;  ///< the same
    Ranges reported;
  };

  void began(NodeId primary);
  void found(const io::MismatchFound& mismatch);
  void ended();
  [[nodiscard]] const Inode* find(NodeId node, FileId file) const;
  /// The parts of a range that differ now.
  void add_differing(Ranges& to, FileId file, const Range& range) const;

  World& world_;
  Ranges ever_rotten_;  ///< on either node
  std::optional<Verify> verify_;
};

}  // namespace lockstep::sim

// What an administrator forces a node to begin with may be the mixture that an unfinished resync has left. Whatever
// that had parked, where no application sees it, comes back to light, and to disk, before the service starts: nothing
// is lost for good.
#pragma once

#include "engine/context.h"

#include <set>
#include <vector>

namespace lockstep::engine {

class Salvage {
 public:
  explicit Salvage(Context& context) : context_(context) {}

  /// It is to begin.
  void expect() {
    abandon();
    expected_ = true;
  }
  [[nodiscard]] bool expected() const { return expected_; }
  /// Moves all that is parked into the root directory, as "lockstep-recovered-" and its identity.
  void begin();
  void abandon();
  [[nodiscard]] bool under_way() const {
    return expected_ || scan_ != Ticket(0) || !moving_.empty() || sync_ != Ticket(0);
  }

  enum class Outcome {
    none,  ///< not its event, or not the last
    done,
    failed,  ///< the directory cannot be read or changed, or not be brought to disk
  };
  Outcome scanned(const io::Scanned& event);
  Outcome applied(const io::Applied& event);
  Outcome synced(const io::Synced& event);

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.expected_, self.scan_, self.root_mtime_ns_, self.sync_);
    archive.list(self.parked_, [&archive](auto& entry) { archive(entry.parent, entry.name, entry.id); });
    std::vector<Ticket> moving(self.moving_.begin(), self.moving_.end());
    archive.list(moving, [&archive](auto& ticket) { archive(ticket); });
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) self.moving_ = {moving.begin(), moving.end()};
  }

 private:
  void move_parked();
  void bring_to_disk();

  Context& context_;
  bool expected_ = false;
  Ticket scan_;
  std::vector<ManifestEntry> parked_;  ///< found so far
  std::int64_t root_mtime_ns_ = 0;
  std::set<Ticket> moving_;
  Ticket sync_;
};

}  // namespace lockstep::engine

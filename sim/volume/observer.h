// What a checker may see of a volume: every operation at the instant at which it is applied.
#pragma once

#include "engine/values/node_id.h"
#include "io/volume.h"

#include <cstdint>

namespace lockstep::sim {

class VolumeObserver {
 public:
  virtual ~VolumeObserver() = default;
  /// `sequence` numbers the operations of this volume; only those without an error are reported.
  virtual void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
                       bool replicated) = 0;
  /// These bytes of a file are not what was written there, and nothing says so.
  virtual void rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) = 0;
};

}  // namespace lockstep::sim

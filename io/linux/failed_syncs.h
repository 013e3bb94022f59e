// How often a sync of the replicated directory has failed since the machine was booted. Linux reports a failed
// write-back once; where the daemon ends before it has acted upon the report, this is what is left of it.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::io {

class FailedSyncs {
 public:
  /// `path`: a file in the runtime directory, which a reboot empties.
  explicit FailedSyncs(std::string path) : path_(std::move(path)) {}

  /// What Booted tells the engine.
  [[nodiscard]] std::uint64_t count() const;
  /// To be called for each failed sync, by the thread that sees it, before anything else. Any thread.
  void note() const;

 private:
  std::string path_;  ///< as many bytes as syncs have failed
};

}  // namespace lockstep::io

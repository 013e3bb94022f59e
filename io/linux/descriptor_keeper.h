// Descriptors that outlive this process: somebody else holds them too, and hands them to the process that is started
// in its place.
#pragma once

#include <string>

namespace lockstep::linux_io {

/// Passive; what was kept by an earlier life is handed over by whoever begins this one. On the loop's thread; neither
/// call waits for long.
class DescriptorKeeper {
 public:
  virtual ~DescriptorKeeper() = default;
  /// From now on `fd` stays open, whatever becomes of this process, until drop(). Names are unique. Returns whether
  /// that is so; where there is nobody to keep anything it never is.
  virtual bool keep(const std::string& name, int fd) = 0;
  virtual void drop(const std::string& name) = 0;
};

}  // namespace lockstep::linux_io

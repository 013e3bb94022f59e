// What an earlier life of the daemon has had kept of a module's service: by which its application can be served on.
#pragma once

#include "io/linux/fuse_mount.h"
#include "io/linux/object_descriptor.h"
#include "prod/daemon/service_manager.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// As FuseMount, ModuleStorage and ScriptApplication name what they have kept for a module.
std::string kept_name(const std::string& module, const std::string& what);
inline constexpr const char* kept_mount = "mount";
inline constexpr const char* kept_state = "state";
inline constexpr const char* kept_directory = "directory";
inline constexpr const char* kept_output = "output";

struct KeptService {
  linux_io::HeldMount mount;
  linux_io::Descriptor directory;
  linux_io::Descriptor output;
  std::vector<std::string> names;  ///< of all of them

  [[nodiscard]] bool has_mount() const { return mount.device.valid(); }
  /// Whether there is everything without which a mount cannot be taken up.
  [[nodiscard]] bool complete() const { return has_mount() && mount.state.valid() && directory.valid(); }
};

/// Takes from `kept` what is the module's.
KeptService take_service(KeptDescriptors& kept, const std::string& module);
/// Ends the mounts in `kept`, whose modules are not configured any more, and has everything in it dropped. The modules,
/// for a log.
std::vector<std::string> end_others(KeptDescriptors&& kept, linux_io::DescriptorKeeper& keeper);

}  // namespace lockstep::prod

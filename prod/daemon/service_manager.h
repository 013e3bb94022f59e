// What a service manager (systemd) does for this process: it hears when the process is ready, and keeps descriptors
// that are to outlive it.
#pragma once

#include "io/linux/descriptor_keeper.h"
#include "io/linux/object_descriptor.h"

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <sys/types.h>

namespace lockstep::prod {

/// By the names under which they were kept.
using KeptDescriptors = std::map<std::string, linux_io::Descriptor>;

/// Where there is no service manager nothing is kept and nobody is told. Thread-safe but for its construction; no call
/// waits for longer than a moment.
class ServiceManager final : public linux_io::DescriptorKeeper {
 public:
  /// Takes what the environment says of it, and out of it: nobody whom this process starts is to answer in its name.
  /// Before there is another thread, and before anything else is opened.
  ServiceManager();

  bool keep(const std::string& name, int fd) override;
  void drop(const std::string& name) override;

  /// What an earlier life of this process has had kept; it stays kept. Once.
  [[nodiscard]] KeptDescriptors take_kept();
  /// Who has what is kept, among others; 0: there is nobody.
  [[nodiscard]] pid_t keeper() const;

  /// The service runs.
  void tell_ready();

 private:
  void remove(const std::string& name);
  bool send(const std::string& text, int fd);

  std::string socket_;  ///< empty: there is no service manager
  std::mutex mutex_;
  linux_io::Descriptor channel_;
  KeptDescriptors inherited_;
  std::set<std::string> names_;  ///< of what is kept
  std::size_t names_bytes_ = 0;
  std::size_t count_max_ = 0;
};

}  // namespace lockstep::prod

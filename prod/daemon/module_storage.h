// A module's directory: the raw directory as a volume, the guard over it, and the mount for applications.
#pragma once

#include "io/mount.h"
#include "io/report.h"
#include "io/volume.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lockstep::io {
class EventLoop;
class EventQueue;
}  // namespace lockstep::io

namespace lockstep::linux_io {
class ConflictStore;
}

namespace lockstep::prod {

struct KeptService;
class ServiceManager;

/// `sync_failed` hears of each failed sync of the directory at once, on any thread. Loop, queue and manager outlive it;
/// used on the loop's thread, or on any while the loop does not run.
class ModuleStorage {
 public:
  ModuleStorage(io::EventLoop& loop, io::EventQueue& queue, std::string module, std::string directory,
                io::Report report, ServiceManager& manager, std::function<void()> sync_failed);
  ~ModuleStorage();

  /// Before open(), with what an earlier life of the daemon has had kept. If it is `wanted`, complete and what lies
  /// over the directory, it stays as it is, with whoever waits in it, and open() goes on there: then this returns true.
  /// Otherwise its mount is ended, and its callers are told an error; the guard stays.
  bool take_up(KeptService kept, bool wanted);
  /// Closes the directory to everybody else and prepares it. On failure it gives a sentence with a remedy, and what
  /// was open before is open again.
  std::string open();

  /// Valid after open().
  [[nodiscard]] io::Volume& volume();
  [[nodiscard]] io::Mount& mount();
  /// Once, when the engine has been told of its start: io::Indexed will follow.
  void begin_index();
  /// Identity of the directory, for io::Booted.
  [[nodiscard]] std::uint64_t tree() const;
  /// The raw directory, open; owned by this object.
  [[nodiscard]] int raw_directory() const;
  /// What was set aside, for any thread.
  [[nodiscard]] const std::shared_ptr<linux_io::ConflictStore>& conflicts() const;
  /// Runs it on a thread that may wait for the disk. From any thread.
  void on_worker(std::function<void()> work);

  /// Undoes open(), because something else failed: an earlier daemon's guard stays, and so does a mount of its that was
  /// taken up, for the next one; a new guard goes.
  void give_up();
  /// Unmounts and takes the guard away: the raw directory is open to all. Only after a clean stop; without this call
  /// the guard stays when the daemon goes.
  std::string release();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::prod

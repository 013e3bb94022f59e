#include "prod/daemon/module_storage.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/bypass.h"
#include "io/linux/fuse_mount.h"
#include "io/linux/guard.h"
#include "io/linux/guard_mounts.h"
#include "io/linux/volume.h"
#include "prod/daemon/kept_service.h"
#include "prod/daemon/service_manager.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace lockstep::prod {

namespace {

/// Wait for the disk (fsync, reads that miss the cache), so more than there are processors.
constexpr std::size_t worker_threads = 8;
constexpr std::size_t bypasses_shown_max = 5;

std::string check_directory(const std::string& directory) {
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0) {
    // A dead mount of an earlier daemon is no obstacle: the guard's raising takes it away.
    if (errno == ENOTCONN) return {};
    if (errno == ENOENT)
      return directory + " does not exist: create it (empty on a new server), or correct \"directory\"";
    return "cannot look at " + directory + ": " + std::strerror(errno);
  }
  if (!S_ISDIR(info.st_mode)) return directory + " is not a directory: correct \"directory\"";
  return {};
}

}  // namespace

class ModuleStorage::Impl {
 public:
  Impl(io::EventLoop& loop, io::EventQueue& queue, std::string module, std::string directory, io::Report report,
       ServiceManager& manager, std::function<void()> sync_failed)
      : loop_(loop),
        queue_(queue),
        module_(std::move(module)),
        directory_(std::move(directory)),
        report_(std::move(report)),
        manager_(manager),
        sync_failed_(std::move(sync_failed)),
        workers_(worker_threads),
        guard_(directory_) {}

  ~Impl() {
    mount_.reset();
    if (volume_) {
      volume_->settle();
      volume_->close();
    }
    workers_.join();
  }

  bool take_up(KeptService kept, bool wanted) {
    std::string why_not = kept.complete() ? "" : "not all of it was kept";
    const int device = kept.mount.device.fd();
    if (wanted && why_not.empty()) why_not = guard_.take_up(std::move(kept.directory), device, module_);
    if (wanted && why_not.empty()) {
      held_.emplace(std::move(kept.mount));
      taken_up_ = true;
      return true;
    }
    if (wanted && !kept.names.empty())
      report_(io::Severity::warning, "what runs from before cannot be served on: " + why_not);
    if (kept.has_mount()) linux_io::end_fuse_mount(module_, device);
    for (const std::string& name : kept.names) manager_.drop(name);
    return false;
  }

  std::string open() {
    if (!taken_up_) {
      if (std::string error = check_directory(directory_); !error.empty()) return error;
      if (std::string error = guard_.raise(); !error.empty()) return error;
    }
    std::string error = open_guarded();
    if (!error.empty()) give_up();
    return error;
  }

  void give_up() {
    if (taken_up_ || guard_.was_guarded()) return;
    if (const std::string failed = release(); !failed.empty()) report_(io::Severity::warning, failed);
  }

  std::string open_guarded() {
    raw_ = guard_.directory();
    // Of a guard that stayed in place that was asked when it was raised, and nothing could be opened since.
    const auto bypasses =
        taken_up_ ? std::vector<std::string>() : linux_io::find_bypasses(raw_.fd(), guard_.path(), manager_.keeper());
    if (!bypasses.empty()) {
      std::string text = directory_ + " can be written past the replication:";
      for (std::size_t i = 0; i < bypasses.size() && i < bypasses_shown_max; ++i) text += "\n  " + bypasses[i];
      if (bypasses.size() > bypasses_shown_max) {
        text += "\n  and " + std::to_string(bypasses.size() - bypasses_shown_max) + " more";
      }
      return text;
    }
    volume_ = std::make_unique<linux_io::LinuxVolume>(loop_.context(), workers_, queue_, guard_.directory());
    volume_->on_failed_sync(sync_failed_);
    if (std::string error = volume_->prepare(); !error.empty()) return error;

    linux_io::FuseMountOptions options;
    options.path = guard_.path();
    options.module = module_;
    options.keeper = taken_up_ || manager_.keep(kept_name(module_, kept_directory), raw_.fd()) ? &manager_ : nullptr;
    options.lost = [this](const std::string& why) { mount_lost(why); };
    mount_ =
        std::make_unique<linux_io::FuseMount>(linux_io::FuseEnvironment{loop_.context(), workers_, queue_, *volume_},
                                              std::move(options), std::exchange(held_, std::nullopt));
    return {};
  }

  std::string release() {
    if (mount_) mount_->close();
    queue_.disconnect();  // its MountClosed has no reader any more
    mount_.reset();
    if (volume_) {
      volume_->settle();
      volume_->close();
      volume_.reset();
    }
    raw_.reset();
    manager_.drop(kept_name(module_, kept_directory));
    return guard_.release();
  }

  /// The application now finds the guard, and nobody asked for that. Ending here is a crash that the other server
  /// knows how to take over from.
  void mount_lost(const std::string& why) {
    report_(io::Severity::error, "the mount on " + directory_ + " was taken away (" + why +
                                     "): do not unmount it while the module runs, use \"stop\"; the daemon ends");
    std::_Exit(EXIT_FAILURE);
  }

  io::EventLoop& loop_;
  io::EventQueue& queue_;
  const std::string module_;
  const std::string directory_;
  const io::Report report_;
  ServiceManager& manager_;
  const std::function<void()> sync_failed_;
  boost::asio::thread_pool workers_;
  linux_io::Guard guard_;
  linux_io::Descriptor raw_;
  std::optional<linux_io::HeldMount> held_;  ///< until there is a mount
  bool taken_up_ = false;
  std::unique_ptr<linux_io::LinuxVolume> volume_;
  std::unique_ptr<linux_io::FuseMount> mount_;
};

ModuleStorage::ModuleStorage(io::EventLoop& loop, io::EventQueue& queue, std::string module, std::string directory,
                             io::Report report, ServiceManager& manager, std::function<void()> sync_failed)
    : impl_(std::make_unique<Impl>(loop, queue, std::move(module), std::move(directory), std::move(report), manager,
                                   std::move(sync_failed))) {}

ModuleStorage::~ModuleStorage() = default;

bool ModuleStorage::take_up(KeptService kept, bool wanted) { return impl_->take_up(std::move(kept), wanted); }

std::string ModuleStorage::open() { return impl_->open(); }

io::Volume& ModuleStorage::volume() {
  LOCKSTEP_CHECK(impl_->volume_ != nullptr, "the storage is open");
  return *impl_->volume_;
}

void ModuleStorage::begin_index() {
  LOCKSTEP_CHECK(impl_->volume_ != nullptr, "the storage is open");
  impl_->volume_->index();
}

io::Mount& ModuleStorage::mount() {
  LOCKSTEP_CHECK(impl_->mount_ != nullptr, "the storage is open");
  return *impl_->mount_;
}

std::uint64_t ModuleStorage::tree() const { return impl_->volume_->tree(); }

int ModuleStorage::raw_directory() const { return impl_->raw_.fd(); }

const std::shared_ptr<linux_io::ConflictStore>& ModuleStorage::conflicts() const { return impl_->volume_->conflicts(); }

void ModuleStorage::on_worker(std::function<void()> work) { boost::asio::post(impl_->workers_, std::move(work)); }

void ModuleStorage::give_up() { impl_->give_up(); }

std::string ModuleStorage::release() { return impl_->release(); }

}  // namespace lockstep::prod

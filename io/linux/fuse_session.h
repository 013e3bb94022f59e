// One FUSE connection, from mount to end: the kernel's protocol (linux/fuse.h) on one side, requests to the engine
// and reads of the volume on the other.
//
// Spoken directly rather than through libfuse, whose version in Debian 12 knows neither the second form of
// privilege handling (without it each write costs one more request) nor parallel direct writes.
#pragma once

#include "engine/values/operation.h"
#include "io/event_sink.h"
#include "io/linux/fuse_nodes.h"
#include "io/linux/volume.h"
#include "io/mount.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <unordered_map>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

struct fuse_attr;
struct fuse_entry_out;

namespace lockstep::linux_io {

inline constexpr std::size_t fuse_write_bytes_max = std::size_t{1} << 20U;
/// Write data up to this size is copied out of the receive buffer; beyond, the buffer itself goes along, because
/// copying costs more than a new buffer, and a small write must not hold a large buffer.
inline constexpr std::size_t fuse_copy_bytes_max = std::size_t{64} << 10U;
/// How many requests are taken before the loop's other work has its turn.
inline constexpr int fuse_requests_per_turn_max = 32;
/// The mount is the only way in, and every promotion begins a new session: names and attributes stay valid.
inline constexpr std::uint64_t fuse_cache_seconds = 86'400;

/// What a session works with; all outlive it.
struct FuseEnvironment {
  boost::asio::io_context& loop;
  boost::asio::thread_pool& workers;  ///< reads that have to wait for the disk
  io::EventSink& sink;
  LinuxVolume& volume;
};

/// Lives on the loop's thread.
class FuseSession : public std::enable_shared_from_this<FuseSession> {
 public:
  struct Callbacks {
    std::function<void()> ready;                   ///< the kernel and we agree; requests may come
    std::function<void(const std::string&)> lost;  ///< the connection ended without end()
  };

  /// `device`: /dev/fuse, non-blocking, already given to mount(2). `last_request` numbers requests across sessions.
  FuseSession(const FuseEnvironment& environment, Descriptor device, std::uint64_t& last_request, Callbacks callbacks);
  ~FuseSession();
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  void start();
  /// Takes what is waiting in the device, without sleeping; returns whether there was anything. For a loop that
  /// polls for some microseconds before it sleeps.
  bool poll();
  /// Unknown requests (of a former session) are ignored.
  void reply(RequestId request, const io::Reply& reply);
  /// Closes the device: every caller that waits gets an error. No callback follows.
  void end();

 private:
  /// One message of the kernel, within the receive buffer.
  struct Message {
    std::uint32_t opcode = 0;
    std::uint64_t unique = 0;
    std::uint64_t node = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    const std::byte* body = nullptr;
    std::size_t size = 0;

    template <typename Argument>
    [[nodiscard]] const Argument& argument() const {
      return *reinterpret_cast<const Argument*>(body);
    }
    /// The text after the first `skip` bytes, up to its NUL.
    [[nodiscard]] std::string text(std::size_t skip) const;
  };
  /// A request that waits for the engine.
  struct Pending {
    std::uint32_t opcode = 0;
    std::uint64_t unique = 0;
    FileId file;
    bool ends_privileges = false;
  };
  struct Listing {
    Descriptor descriptor;
    FileId directory;
  };

  void wait();
  enum class Taken { message, nothing, ended };
  Taken take();
  void take_turn();
  void lose(const std::string& why);
  void dispatch(const Message& message);
  bool dispatch_change(const Message& message, const FileId& file);
  bool dispatch_read(const Message& message, const FileId& file);

  // fuse_session.cpp: the protocol's own messages and the answers
  void initialise(const Message& message);
  void forget(const Message& message);
  void answer(std::uint64_t unique, int error, std::initializer_list<iovec> parts = {});
  template <typename Body>
  void answer_with(std::uint64_t unique, const Body& body) {
    answer(unique, 0, {iovec{const_cast<Body*>(&body), sizeof body}});
  }
  void answer_entry(std::uint64_t unique, const FileId& id, bool open_too);
  void answer_attributes(std::uint64_t unique, const FileId& id);
  fuse_entry_out describe_entry(const FileId& id, const struct stat& status);
  /// Makes the kernel ask again for the attributes of an object whose mode a write has changed.
  void refresh_privileges(const FileId& id);
  fuse_attr describe_attributes(const FileId& id, const struct stat& status);

  // fuse_changes.cpp: what the engine decides
  void request(const Message& message, Operation operation);
  void request_create(const Message& message, const FileId& parent, std::uint32_t mode, std::uint32_t umask,
                      std::uint32_t rdev, std::string name);
  void request_symlink(const Message& message, const FileId& parent);
  void request_link(const Message& message, const FileId& parent);
  void request_unlink(const Message& message, const FileId& parent, std::uint32_t flags);
  void request_rename(const Message& message, const FileId& parent);
  void request_write(const Message& message, const FileId& file);
  void request_attributes(const Message& message, const FileId& file);
  void request_allocate(const Message& message, const FileId& file);
  void request_set_xattr(const Message& message, const FileId& file);
  void request_remove_xattr(const Message& message, const FileId& file);
  void request_sync(const Message& message, const FileId& file);

  // fuse_reads.cpp: what the volume knows
  void look_up(const Message& message, const FileId& parent);
  void open_file(const Message& message, const FileId& file);
  void open_directory(const Message& message, const FileId& file);
  void release(const Message& message, bool directory);
  void read(const Message& message, const FileId& file);
  void read_by_worker(std::uint64_t unique, OpenObjectPtr object, std::uint64_t offset, std::size_t size);
  void read_directory(const Message& message, const FileId& file, bool with_attributes);
  void read_link(const Message& message, const FileId& file);
  void get_xattr(const Message& message, const FileId& file);
  void list_xattr(const Message& message, const FileId& file);
  void answer_xattr(const Message& message, std::string_view value);
  void seek(const Message& message, const FileId& file);
  void statistics(const Message& message);

  FuseEnvironment environment_;
  boost::asio::posix::stream_descriptor device_;
  std::uint64_t& last_request_;
  Callbacks callbacks_;
  bool ended_ = false;
  bool extended_set_xattr_ = false;
  FuseNodes nodes_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::unordered_map<std::uint64_t, Listing> listings_;
  std::uint64_t last_listing_ = 0;
  std::shared_ptr<std::byte[]> receive_buffer_;
  std::vector<std::byte> read_buffer_;
};

}  // namespace lockstep::linux_io

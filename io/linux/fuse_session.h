// One FUSE connection, from mount to end: libfuse's low-level API on one side, requests to the engine and reads of the
// volume on the other.
//
// libfuse speaks the protocol; the device is opened and mounted by FuseMount, and requests are received here, so that
// write data can go along in the buffer they came in. The little that libfuse does not know is in fuse_raw.h.
#pragma once

#include "engine/values/operation.h"
#include "io/event_sink.h"
#include "io/linux/descriptor_keeper.h"
#include "io/linux/fuse_nodes.h"
#include "io/linux/fuse_raw.h"
#include "io/linux/fuse_state.h"
#include "io/linux/volume.h"
#include "io/mount.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

// Of libfuse, which only the sources beside this header include.
struct fuse_conn_info;
struct fuse_entry_param;
struct fuse_file_info;
struct fuse_forget_data;
struct fuse_req;
struct fuse_session;

namespace lockstep::linux_io {

inline constexpr std::size_t fuse_write_bytes_max = std::size_t{1} << 20U;
/// Write data up to this size is copied out of the receive buffer; beyond, the buffer itself goes along, because
/// copying costs more than a new buffer, and a small write must not hold a large buffer.
inline constexpr std::size_t fuse_copy_bytes_max = std::size_t{64} << 10U;
/// How many requests are taken before the loop's other work has its turn.
inline constexpr int fuse_requests_per_turn_max = 32;
/// The mount is the only way in, and every promotion begins a new session: names and attributes stay valid.
inline constexpr double fuse_cache_seconds = 86'400;

/// What a session works with; all outlive it.
struct FuseEnvironment {
  boost::asio::io_context& loop;
  boost::asio::thread_pool& workers;  ///< reads that have to wait for the disk
  io::EventSink& sink;
  LinuxVolume& volume;
};

/// An open file without a name, of an earlier life.
struct HeldFile {
  FileId id;
  Descriptor descriptor;
};

/// Who holds what must outlive this process; null: nobody.
struct FuseKeeping {
  DescriptorKeeper* keeper = nullptr;
  std::string module;

  [[nodiscard]] std::string device_name() const { return module + ".mount"; }
  [[nodiscard]] std::string state_name() const { return module + ".state"; }
  [[nodiscard]] std::string file_name(const FileId& id) const;
};

/// Lives on the loop's thread.
class FuseSession : public std::enable_shared_from_this<FuseSession>, private LinuxVolume::LastNames {
 public:
  struct Callbacks {
    std::function<void()> ready;                   ///< the kernel and we agree; requests may come
    std::function<void(const std::string&)> lost;  ///< the connection ended without end()
  };

  /// `device`: /dev/fuse, non-blocking, already given to mount(2). `state`: of this device. `last_request` numbers
  /// requests across sessions.
  FuseSession(const FuseEnvironment& environment, Descriptor device, FuseState state, FuseKeeping keeping,
              std::uint64_t& last_request, Callbacks callbacks);
  ~FuseSession() override;
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  void start();
  /// In place of start(): goes on with the session of an earlier life, which has ended. Requests that it has received
  /// and not answered come again. `files`: what was kept of it.
  void take_up(std::vector<HeldFile> files);
  /// Valid from `ready` on: whether a later process could take the mount up.
  [[nodiscard]] bool can_be_taken_up() const { return can_be_taken_up_; }
  /// From now on files are given to nobody, and those that were are taken back.
  void stop_keeping();
  /// Takes what is waiting in the device, without sleeping; returns whether there was anything. For a loop that
  /// polls for some microseconds before it sleeps.
  bool poll();
  /// Unknown requests (of a former session) are ignored.
  void reply(RequestId request, const io::Reply& reply);
  /// Closes the device: every caller that waits gets an error. No callback follows.
  void end();

 private:
  using Request = ::fuse_req*;
  using FileInfo = ::fuse_file_info*;

  struct Closer {
    void operator()(::fuse_session* session) const;
  };
  /// How a caller is told that the engine has done what it asked for.
  enum class Answer { done, written, attributes, entry, created };
  /// A request that waits for the engine.
  struct Pending {
    Request request = nullptr;
    Answer answer = Answer::done;
    FileId file;  ///< FileId::none(): the object is yet to be made
    bool ends_privileges = false;
    bool exchanges = false;  ///< two names, of which the state has something
    bool resent = false;
    std::uint64_t number = 0;  ///< the kernel's
  };
  struct Listing {
    Descriptor descriptor;
    FileId directory;
  };
  /// libfuse's table of operations, and what leads from there to the members below.
  struct Operations;

  // fuse_session.cpp: the connection
  void wait();
  enum class Taken { message, nothing, ended };
  Taken take();
  void take_turn();
  void process();
  void lose(const std::string& why);
  void negotiate(fuse_conn_info& connection);
  ssize_t send(iovec* parts, int count);
  void forget(std::uint64_t node, std::uint64_t lookups);
  void allot_receive_buffer();
  void answer_first_message_again();

  // fuse_takeup.cpp: from one life to the next
  std::string replay();
  void pin_again(std::vector<HeldFile> files);
  void losing_last_name(const FileId& id) override;
  /// The kernel may still refer to it: an O_PATH descriptor, a fifo, a working directory.
  void lost_last_name(const FileId& id) override;
  void kept_last_name(const FileId& id) override;
  void drop_file(FileId id);
  int count_open(const FileId& id, std::uint64_t request, bool resent);
  void count_release(const FileId& id, std::uint64_t request, bool resent);

  // fuse_answers.cpp: what the kernel is told of objects
  void answer_open(Request request, fuse_file_info& opened);
  void answer_entry(Request request, const FileId& id);
  void answer_created(const Pending& pending, const FileId& id);
  void answer_attributes(Request request, const FileId& id);
  fuse_entry_param describe_entry(const LinuxVolume::Looked& object);
  struct stat describe_attributes(const FileId& id, const struct stat& status);

  // fuse_privileges.cpp: set-user-ID and set-group-ID bits, whose end the kernel leaves to us
  /// Makes the kernel ask again for the attributes of an object whose mode a write has changed.
  void refresh_privileges(const FileId& id);
  static std::uint32_t without_privileges(Request request, const struct stat& status);
  std::uint32_t kept_privileges(Request request, const FileId& file);
  void end_privileges(Request request, const FileId& file, Attributes& wanted);

  // fuse_changes.cpp: what the engine decides
  void request(Request request, Operation operation, Answer answer);
  bool note_exchange(Operation& operation);
  void answer(const Pending& pending, const io::Reply& reply);
  void request_create(Request request, const FileId& parent, std::string name, std::uint32_t mode, std::uint32_t rdev,
                      Answer answer);
  void request_unlink(Request request, const FileId& parent, std::string name, std::uint32_t flags);
  void create(Request request, const FileId& parent, const char* name, mode_t mode, FileInfo info);
  void make_node(Request request, const FileId& parent, const char* name, mode_t mode, dev_t rdev);
  void make_directory(Request request, const FileId& parent, const char* name, mode_t mode);
  void make_symlink(Request request, const FileId& parent, const char* name, const char* target);
  void link(Request request, const FileId& file, std::uint64_t parent, const char* name);
  void unlink(Request request, const FileId& parent, const char* name);
  void remove_directory(Request request, const FileId& parent, const char* name);
  void rename(Request request, const FileId& parent, const char* name, std::uint64_t new_parent, const char* new_name,
              unsigned flags);
  void write(Request request, const FileId& file, const char* data, std::size_t size, off_t offset, FileInfo info);
  void set_attributes(Request request, const FileId& file, struct stat* values, int which, FileInfo info);
  void allocate(Request request, const FileId& file, int mode, off_t offset, off_t length, FileInfo info);
  void set_xattr(Request request, const FileId& file, const char* name, const char* value, std::size_t size, int flags);
  void remove_xattr(Request request, const FileId& file, const char* name);
  void sync(Request request, const FileId& file, int data_only, FileInfo info);

  // fuse_reads.cpp: what the volume knows
  void look_up(Request request, const FileId& parent, const char* name);
  void get_attributes(Request request, const FileId& file, FileInfo info);
  void check_access(Request request, const FileId& file, int wanted);
  void open_file(Request request, const FileId& file, FileInfo info);
  void open_directory(Request request, const FileId& file, FileInfo info);
  void release_file(Request request, const FileId& file, FileInfo info);
  void release_directory(Request request, const FileId& file, FileInfo info);
  void read(Request request, const FileId& file, std::size_t size, off_t offset, FileInfo info);
  void read_by_worker(Request request, OpenObjectPtr object, off_t offset, std::size_t size);
  void list(Request request, const FileId& directory, std::size_t size, off_t offset, FileInfo info);
  void list_with_attributes(Request request, const FileId& directory, std::size_t size, off_t offset, FileInfo info);
  void read_directory(Request request, const FileId& directory, std::size_t size, off_t offset, std::uint64_t handle,
                      bool with_attributes);
  void read_link(Request request, const FileId& file);
  void get_xattr(Request request, const FileId& file, const char* name, std::size_t room);
  void list_xattr(Request request, const FileId& file, std::size_t room);
  void answer_xattr(Request request, std::string_view value, std::size_t room);
  void seek(Request request, const FileId& file, off_t offset, int whence, FileInfo info);
  void statistics(Request request);

  FuseEnvironment environment_;
  boost::asio::posix::stream_descriptor device_;
  std::unique_ptr<::fuse_session, Closer> session_;  ///< owns the device's descriptor; device_ only waits on it
  std::uint64_t& last_request_;
  Callbacks callbacks_;
  bool ended_ = false;
  bool processing_ = false;  ///< libfuse is on the stack
  bool agreed_ = false;      ///< the kernel has our answer to its first request
  bool replaying_ = false;   ///< that answer was given by an earlier life
  bool can_be_taken_up_ = false;
  bool pinned_ = true;  ///< what the nodes count as open is pinned
  bool extended_set_xattr_ = false;
  bool opening_ = false;  ///< the reply being sent opens a file
  FuseRawRequest current_;
  FuseState state_;
  FuseKeeping keeping_;
  FuseNodes nodes_;
  std::unordered_set<FileId> kept_files_;  ///< by the keeper: open files without a name
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::unordered_set<Request> reading_;  ///< by workers
  std::unordered_map<std::uint64_t, Listing> listings_;
  std::shared_ptr<std::byte[]> receive_buffer_;
  std::unique_ptr<char[]> read_buffer_;
};

}  // namespace lockstep::linux_io

// The directory beneath the mount, as a store of objects addressed by identity (the Linux implementation).
#pragma once

#include "engine/values/manifest.h"
#include "io/event_sink.h"
#include "io/linux/conflict_store.h"
#include "io/linux/contents_writer.h"
#include "io/linux/object_table.h"
#include "io/linux/unsynced_changes.h"
#include "io/volume.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/statvfs.h>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

namespace lockstep::linux_io {

/// The hidden directory in the root of the raw directory that is FileId::staging(). Applications can neither see
/// nor create the name.
inline constexpr const char* staging_name = ".lockstep";

struct FoundTree;

struct VolumeLimits {
  /// Descriptors kept open for objects used lately; files that applications hold open come on top.
  std::size_t descriptors_max = 1024;
  /// Modification times of stream writes are set together: after this long, or when so many wait.
  std::chrono::milliseconds settle_after{50};
  std::size_t unsettled_max = 4096;
  std::chrono::seconds listing_sent_after{10};
  /// Of one part of a scan's manifest.
  std::size_t part_objects = 2048;
};

/// Needs a filesystem with file handles and trusted.* attributes (ext4 and XFS are tested), CAP_SYS_ADMIN,
/// CAP_DAC_READ_SEARCH and a mounted /proc. Used on the loop's thread only; syncs and copies that are set aside wait
/// for the disk on `workers`, and contents that a resync brings are written by a thread of their own.
///
/// Beyond what io::Volume says:
/// - A request's `attributes` with attribute_mode on write, allocate or set_xattr says that the caller may not keep
///   privileges: the set-user-ID and set-group-ID bits that are not in `mode` are cleared (by set_xattr only the
///   latter).
/// - While a tree is walked the loop goes on with all else, and what the mount answers by itself is answered. Behind a
///   survey() the calls wait. While index() or scan() walk, requests of the application take effect; the others wait,
///   and then the requests behind them.
/// - A create of Origin::stream without a time of its directory, as a resync makes new names, may take effect although
///   a fill that was called before it is still being written, and fails then. Both are parts of one mixture. The events
///   keep their order.
/// - The moved directories of a rename keep their own modification times.
/// - Modification times of stream writes are visible to every reader here at once, but may reach the inode up to
///   settle_after later: a process crash can lose such a time (never data), as it can lose any hot state.
class LinuxVolume final : public io::Volume {
 public:
  /// `raw_directory`: the directory beneath the mount, O_RDONLY|O_DIRECTORY, opened before anything covered it.
  LinuxVolume(boost::asio::io_context& loop, boost::asio::thread_pool& workers, io::EventSink& sink,
              Descriptor raw_directory, VolumeLimits limits = {});
  ~LinuxVolume() override;
  LinuxVolume(const LinuxVolume&) = delete;
  LinuxVolume& operator=(const LinuxVolume&) = delete;

  /// Once, before anything else. Creates the staging directory if it is missing. Returns why this directory cannot
  /// be used, or an empty text.
  std::string prepare();
  /// Valid after prepare(): a number that stays with this directory; another directory has another.
  [[nodiscard]] std::uint64_t tree() const { return tree_; }
  /// Once, after prepare(): tells with Indexed when every object beneath can be found. Looks at each of them first if
  /// no index of them is on the disk.
  void index();
  /// Whom to tell of each sync that fails, on the thread that sees it and before anybody else hears of it.
  void on_failed_sync(std::function<void()> hear) { sync_failed_ = std::move(hear); }
  /// Who wants to know of objects whose last name a request takes.
  class LastNames {
   public:
    virtual ~LastNames() = default;
    /// It is about to be taken: the object can still be opened. One of the others follows.
    virtual void losing_last_name(const FileId& id) = 0;
    /// It has just been; pin() still keeps the object.
    virtual void lost_last_name(const FileId& id) = 0;
    virtual void kept_last_name(const FileId& id) = 0;
  };
  /// Null: nobody.
  void on_last_name(LastNames* hear) { last_names_ = hear; }
  /// Who may know where an object is that is not found: what an index has in memory goes with its process. May be
  /// empty.
  using Recall = std::function<std::optional<ObjectIndex::Place>(const FileId&)>;
  void on_unknown(Recall recall) { recall_ = std::move(recall); }
  /// Brings modification times that wait onto their inodes.
  void settle();
  /// Closes every descriptor but the directory's; syncs nothing. No other call may follow.
  void close();

  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override;
  void sync(Ticket ticket, FileId file, bool data_only) override;
  void scan(Ticket ticket) override;
  void survey(Ticket ticket, const SurveyRequest& request) override;
  void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) override;
  void identify_in(Period period) override { table_->identify_in(period); }
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override;
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk_bytes) override;
  void set_aside(Ticket ticket, FileId object, const Conflict& conflict) override;

  /// Valid after prepare(), for any thread.
  [[nodiscard]] const std::shared_ptr<ConflictStore>& conflicts() const { return conflicts_; }

  // What the mount answers by itself. Nothing here changes anything an application could see.

  struct Looked {
    FileId id;
    ObjectIndex::Place place;
    struct stat status {};
  };
  Outcome<Looked> lookup(const FileId& parent, const std::string& name);
  Outcome<Looked> lookup(const FileId& file);
  Outcome<struct stat> status(const FileId& file);
  /// For reading data or listing; the share keeps it open. EINVAL-like errors come from the calls made on it.
  Outcome<OpenObjectPtr> open(const FileId& file);
  /// An open of its own, with a position of its own, for one reader of a directory.
  Outcome<Descriptor> open_listing(const FileId& directory);
  /// Between pin() and unpin() the object stays usable although its last name goes (open files).
  int pin(const FileId& file);
  /// As pin(), of an object without a name that an earlier process had open. ENOENT: it is another object.
  int pin_nameless(const FileId& file, Descriptor opened);
  void unpin(const FileId& file);
  Outcome<std::string> link_target(const FileId& symlink);
  Outcome<std::vector<std::string>> attribute_names(const FileId& file);
  Outcome<std::string> attribute_value(const FileId& file, const std::string& name);
  Outcome<struct statvfs> space() const;
  /// Whether new entries of the directory get their permissions from a default ACL instead of the umask.
  bool has_default_acl(const FileId& directory);
  /// The names that are hidden from applications.
  static bool hidden(const FileId& parent, const std::string& name);

 private:
  struct NamedObject;
  struct Place {
    FileId parent;
    std::string name;
  };

  bool sync_contents(Ticket ticket, const FileId& file);
  void note_unsynced(const Operation& operation);
  void begin_sync(Ticket ticket, const FileId& file, std::function<int()> wait_for_disk);
  Outcome<OpenObjectPtr> resolve(const FileId& id);
  Outcome<OpenObjectPtr> resolve_directory(const FileId& id);
  int prepare_staging();
  int prepare_conflicts();
  int identify_tree(const OpenObject& staging);

  int run(const Operation& operation, io::Origin origin, io::Applied& result);
  /// Whether an earlier life may have begun the request.
  static bool is_resent(const Operation& operation, io::Origin origin);
  int create(const Operation& operation, io::Origin origin, io::Applied& result);
  int find_created(const OpenObject& parent, const Operation& operation, io::Applied& result, bool& created);
  Outcome<OpenObjectPtr> make_object(int directory, const Operation& operation);
  int dress(const OpenObject& object, int directory, const Operation& operation, io::Origin origin, const FileId& id,
            struct stat& status);
  int link(const Operation& operation, io::Origin origin, io::Applied& result);
  int unlink(const Operation& operation, io::Origin origin, io::Applied& result);
  int rename(const Operation& operation, io::Origin origin, io::Applied& result);
  int identify(const Operation& operation);
  int check_place(const FileId& parent, const std::string& name, io::Origin origin) const;
  NamedObject look_at(int directory, const std::string& name);
  void hold(const NamedObject& object, io::Origin origin);
  void lost_name(const NamedObject& object, io::Origin origin);
  void kept_name(const NamedObject& object, io::Origin origin);
  /// Reports the parent's new time (application) or takes it over (stream).
  void after_change(const OpenObject& directory, const FileId& id, io::Origin origin, std::int64_t& mtime_ns);

  int write(const Operation& operation, io::Origin origin, io::Applied& result);
  int fill(const Operation& operation);
  int set_attributes(const Operation& operation, io::Origin origin, io::Applied& result);
  int allocate(const Operation& operation, io::Origin origin, io::Applied& result);
  int set_xattr(const Operation& operation, io::Origin origin, io::Applied& result);
  int remove_xattr(const Operation& operation, io::Origin origin, io::Applied& result);
  int finish_contents(const OpenObject& object, const Operation& operation, io::Origin origin, std::uint32_t report,
                      io::Applied& result);

  // volume_filling.cpp
  bool fill_beside(Ticket ticket, const Operation& operation);
  static bool goes_beside_fills(const Operation& operation, io::Origin origin);
  /// Once more, when all contents are written: it is the next then.
  void apply_behind_fills(Ticket ticket, const Operation& operation);
  /// Tells of it in its turn.
  void answer(io::Applied applied);
  /// Waits until all contents are written, and tells of them. The loop stands still meanwhile.
  void finish_fills();
  void filled();
  void tell_of_fills();
  std::unique_ptr<ContentsWriter> make_writer();

  void relieve_index();
  void settle_times();
  void settle_one(const FileId& id);
  void owe_mtime(const FileId& id, std::int64_t mtime_ns);

  // volume_walk.cpp
  struct Walk;
  /// What a call must find, and so what it waits for.
  enum class Needs : std::uint8_t {
    known_objects,       ///< what it is about has been looked up before, and it may come between a walk's slices
    order,               ///< all that was called before
    index,               ///< all that was called before, and every object
    index_beside_fills,  ///< the same, without the contents that are still being written
  };
  static Walk whole_tree();
  /// Goes on with it, over so many entries. 0, or an errno that ends it.
  int go_on(Walk& walk, std::size_t entries);
  int describe_asked(const FileId& id, Walk& walk);
  int enter(const FileId& id, Walk& walk);
  int visit(std::string name, Walk& walk);
  /// All of the tree's objects get into the table, while everything else waits.
  int index_at_once();
  void walked_over_all();
  /// In slices, between which the loop does its other work; `done` hears how it ended.
  void begin_walk(Walk walk, std::function<void(Walk& walk, int error)> done);
  void walk_slice();
  void walk_on();
  void end_walk(int error);
  /// Whether the call is kept until something has ended: a walk is under way, or has begun because the call needs the
  /// index; or contents are being written that the call must find.
  bool postponed(Needs needs, std::function<void()> call);
  [[nodiscard]] bool may_begin(Needs needs) const;
  void go_on_with_postponed();

  // volume_changes.cpp
  void note_changes(const Operation& effect);
  void changed(const FileId& object);
  void changed(const FileId& directory, const std::string& name);
  void moved(const FileId& object, mode_t mode);
  int look_again(Walk& walk);
  int look_again(const std::pair<FileId, std::string>& name, FoundTree& tree);
  int settle_walk(Walk& walk);

  int describe_aside(const FileId& id, ConflictRecord& record, Descriptor& contents);
  Outcome<std::string> path_of(const FileId& id);
  void set_aside_in_place(Ticket ticket, FileId object, const Conflict& conflict);
  int describe(const FileId& id, Manifest& manifest);
  void begin_listing(Walk walk, std::function<void(Walk& walk, int error)> done);
  void give_memory_back();
  void tell_in_turns(Ticket ticket, std::shared_ptr<FoundTree> tree);
  int list(const FileId& directory, const std::string& from, std::size_t entries_max, Manifest& manifest);
  static int describe_entry(int directory, const std::string& name, const ObjectTable::Found& found,
                            Manifest& manifest);

  boost::asio::io_context& loop_;
  boost::asio::thread_pool& workers_;
  io::EventSink& sink_;
  VolumeLimits limits_;
  std::function<void()> sync_failed_ = [] {};
  LastNames* last_names_ = nullptr;
  Recall recall_;
  OpenObjectPtr root_;
  std::shared_ptr<ObjectIndex> index_ = std::make_shared<ObjectIndex>();
  std::unique_ptr<ObjectTable> table_;
  UnsyncedChanges unsynced_;
  std::uint64_t identities_given_ = 0;  ///< by the table, as far as `unsynced_` knows
  bool stream_broken_ = false;          ///< an operation of the stream has failed; none follows it
  std::shared_ptr<ConflictStore> conflicts_ = std::make_shared<ConflictStore>();
  std::unordered_map<FileId, Place> places_;  ///< of every object, while objects are set aside
  bool walked_ = false;                       ///< over the whole tree, since the start
  bool index_failed_ = false;                 ///< then it is tried again, at once, where an object is not found
  std::unique_ptr<Walk> walk_;                ///< under way
  struct Postponed {
    Needs needs;
    std::function<void()> call;
  };
  std::deque<Postponed> postponed_;  ///< calls, in their order, while a walk is under way or contents are being written
  bool in_its_turn_ = false;         ///< whoever calls is the next in that order
  bool requested_ = false;           ///< the application has asked for something since the last slice of a walk
  boost::asio::steady_timer walk_timer_;
  boost::asio::steady_timer memory_timer_;
  std::unordered_map<FileId, std::int64_t> unsettled_;
  boost::asio::steady_timer settle_timer_;
  bool settle_armed_ = false;
  /// Of what is being written and what was called behind it, in that order. The first of them is being written.
  struct Answer {
    io::Applied applied;
    bool written = false;
  };
  std::deque<Answer> answers_;
  std::unique_ptr<ContentsWriter> writer_;
  std::shared_ptr<bool> alive_;  ///< completions of workers that come after the end are dropped
  std::uint64_t tree_ = 0;
};

}  // namespace lockstep::linux_io

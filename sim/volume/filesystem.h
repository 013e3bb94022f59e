// An in-memory filesystem with the semantics of a Linux one, addressed by FileId: what the simulated volume holds.
#pragma once

#include "engine/values/manifest.h"
#include "engine/values/operation.h"
#include "io/volume.h"
#include "sim/random.h"
#include "sim/volume/content.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace lockstep::sim {

using InodeNumber = std::uint64_t;

/// What of an inode is written to disk with it; names are written with the directory.
struct InodeState {
  FileId id;              ///< none: not given one yet
  Attributes attributes;  ///< mode with type bits; size_bytes is not kept here
  std::string target;     ///< symlink
  std::map<std::string, std::string> xattrs;
  Content content;
};

struct Inode : InodeState {
  std::map<std::string, InodeNumber> entries;  ///< directory
  InodeNumber parent = 0;                      ///< directory: the one that holds its name
  std::uint32_t names = 0;

  [[nodiscard]] std::uint32_t type() const;
  [[nodiscard]] bool is_directory() const;
  [[nodiscard]] bool is_regular() const;
};

/// One name set or removed (`inode` 0).
struct NameChange {
  InodeNumber directory;
  std::string name;
  InodeNumber inode;
};

/// Told of each change before it is made, so that what is on disk can be kept apart from what is in memory.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;
  virtual void inode_created(InodeNumber number) = 0;
  virtual void inode_will_change(InodeNumber number, const InodeState& before) = 0;
  virtual void names_changed(std::vector<NameChange> changes) = 0;
};

struct ApplyResult {
  int error = 0;
  Operation effect;
  bool replicated = true;
  std::uint64_t bytes = 0;

  static ApplyResult failed(int error) {
    ApplyResult result;
    result.error = error;
    return result;
  }
};

class Filesystem {
 public:
  static constexpr InodeNumber root_number = 1;
  static constexpr InodeNumber staging_number = 2;
  static constexpr std::uint64_t file_bytes_max = std::uint64_t{64} << 20U;

  Filesystem(Random random, ChangeListener& listener);

  /// `now_ns`: this machine's wall clock. The contract is io::Volume::apply's.
  ApplyResult apply(const Operation& operation, io::Origin origin, std::int64_t now_ns);

  [[nodiscard]] const Inode* find(FileId id) const;
  [[nodiscard]] const Inode& inode(InodeNumber number) const { return inodes_.at(number); }
  [[nodiscard]] std::optional<InodeNumber> number_of(FileId id) const;
  [[nodiscard]] const std::map<InodeNumber, Inode>& inodes() const { return inodes_; }
  /// Whether a name leads to it, directly or through its directories.
  [[nodiscard]] bool reachable(const Inode& inode) const;

  /// What the first name of an operation on names leads to, or the file of any other; of one on an attribute if it has
  /// that.
  [[nodiscard]] std::optional<FileId> named_by(const Operation& operation) const;

  /// Gives an identity to every object that has none; whether there was any.
  bool identify_all();
  [[nodiscard]] Manifest manifest() const;
  /// A part of it, as io::Volume::survey has it.
  [[nodiscard]] Manifest survey(const SurveyRequest& request) const;
  /// A stretch of a directory, as io::Volume::list has it.
  [[nodiscard]] Manifest list(const Inode& directory, const std::string& from, std::size_t entries_max) const;
  void identify_in(Period period) { identities_of_ = period; }

  /// Takes the state after a power loss: `names` lead to `states`; what no name leads to is gone.
  void replace(std::map<InodeNumber, InodeState> states,
               const std::map<InodeNumber, std::map<std::string, InodeNumber>>& names);
  /// Objects without a name end with the process that had them open. Those in `on_disk`, whose last name is
  /// removed in memory only, are kept out of sight: a power loss may bring the name back.
  void drop_nameless(const std::set<InodeNumber>& on_disk);

  /// Changes bytes behind everybody's back, as far as the file goes.
  void scribble(InodeNumber number, std::uint64_t offset, std::span<const std::byte> bytes);

  /// Makes an object without identity, as an administrator's cp before the first start would.
  void prefill(InodeNumber parent, const std::string& name, InodeState state);

 private:
  struct Context {
    const Operation& operation;
    io::Origin origin;
    std::int64_t now_ns;
    [[nodiscard]] bool from_stream() const { return origin == io::Origin::stream; }
  };

  [[nodiscard]] std::optional<FileId> named(FileId parent, const std::string& name) const;
  /// Of a request that an earlier life of the process was given: what comes of it if that has applied it.
  [[nodiscard]] std::optional<ApplyResult> done_before(const Operation& operation) const;
  ApplyResult create(const Context& context);
  ApplyResult link(const Context& context);
  ApplyResult unlink(const Context& context);
  ApplyResult rename(const Context& context);
  ApplyResult write(const Context& context);
  ApplyResult set_attributes(const Context& context);
  ApplyResult allocate(const Context& context);
  ApplyResult set_xattr(const Context& context);
  ApplyResult remove_xattr(const Context& context);
  ApplyResult identify(const Context& context);

  int check_rename(const Operation& operation, InodeNumber source_directory, InodeNumber target_directory,
                   InodeNumber moved, InodeNumber replaced) const;
  /// The number of a live directory, or an errno (negative).
  [[nodiscard]] std::int64_t directory(FileId id) const;
  [[nodiscard]] bool within(InodeNumber number, InodeNumber ancestor) const;
  InodeNumber add_inode(InodeState state);
  Inode& change(InodeNumber number);
  void set_identity(InodeNumber number, FileId id);
  void set_name(InodeNumber directory, const std::string& name, InodeNumber target);
  [[nodiscard]] bool identity_taken(FileId id, InodeNumber by_other_than) const;
  FileId draw_identity();
  void touch_directory(InodeNumber number, std::int64_t mtime_ns, const Context& context);
  std::int64_t touch_file(InodeNumber number, const Context& context);

  Random random_;
  ChangeListener& listener_;
  Period identities_of_ = 0;
  InodeNumber next_number_ = 3;
  std::map<InodeNumber, Inode> inodes_;
  std::unordered_map<FileId, InodeNumber> numbers_;  ///< looked up, never walked
};

}  // namespace lockstep::sim

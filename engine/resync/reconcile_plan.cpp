#include "engine/resync/reconcile_plan.h"

#include "engine/planted.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace lockstep::engine {

namespace {

/// What of an object never changes in its life.
bool same_kind(const ManifestObject& a, const ManifestObject& b) {
  return a.attributes.type() == b.attributes.type() && a.symlink_target == b.symlink_target &&
         a.attributes.rdev == b.attributes.rdev;
}

/// Of a directory, ascending.
using Names = std::vector<std::pair<std::string_view, FileId>>;

Names::const_iterator place_of(const Names& names, std::string_view name) {
  return std::lower_bound(names.begin(), names.end(), name,
                          [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
}

/// A manifest, indexed; it refers to the manifest, which is large. Iteration is by manifest order or by name, never by
/// hash.
class Tree {
 public:
  explicit Tree(const Manifest& manifest) {
    nodes_.reserve(manifest.objects.size());
    for (const ManifestObject& object : manifest.objects) {
      Node& node = nodes_[object.id];
      if (node.object == nullptr) node.object = &object;
    }
    for (const ManifestEntry& entry : manifest.entries) {
      directories_[entry.parent].emplace_back(entry.name, entry.id);
      ++nodes_[entry.id].names;
    }
    const auto by_name = [](const auto& x, const auto& y) { return x.first < y.first; };
    const auto same_name = [](const auto& x, const auto& y) { return x.first == y.first; };
    for (auto& [directory, names] : directories_) {
      if (!std::is_sorted(names.begin(), names.end(), by_name)) std::stable_sort(names.begin(), names.end(), by_name);
      names.erase(std::unique(names.begin(), names.end(), same_name), names.end());
    }
  }
  [[nodiscard]] const ManifestObject* find(const FileId& id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? nullptr : found->second.object;
  }
  /// How many names lead to it.
  [[nodiscard]] std::size_t names_of(const FileId& id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? 0 : found->second.names;
  }
  [[nodiscard]] const Names& names_in(const FileId& directory) const {
    static const Names none;
    const auto found = directories_.find(directory);
    return found == directories_.end() ? none : found->second;
  }
  [[nodiscard]] FileId lookup(const FileId& directory, std::string_view name) const {
    const Names& names = names_in(directory);
    const auto found = place_of(names, name);
    return found == names.end() || found->first != name ? FileId::none() : found->second;
  }
  /// What stands at (directory, name), which is its only name, has another identity from now on.
  void identify(const FileId& directory, std::string_view name, const FileId& former, const FileId& id) {
    ManifestObject& renamed = renamed_.emplace_back(*find(former));
    renamed.id = id;
    nodes_.erase(former);
    nodes_[id] = {&renamed, 1};
    Names& names = directories_.at(directory);
    names[static_cast<std::size_t>(place_of(names, name) - names.begin())].second = id;
    if (auto children = directories_.extract(former)) {
      children.key() = id;
      directories_.insert(std::move(children));
    }
  }

 private:
  struct Node {
    const ManifestObject* object = nullptr;
    std::size_t names = 0;
  };
  std::unordered_map<FileId, Node> nodes_;
  std::unordered_map<FileId, Names> directories_;
  std::deque<ManifestObject> renamed_;
};

class Planner {
 public:
  Planner(const Manifest& mine, const Manifest& theirs, MarkSink mark)
      : mine_(mine), theirs_(theirs), theirs_manifest_(theirs), mark_(mark) {}

  std::vector<Operation> plan() {
    adopt();
    clear_wrong_names(FileId::root());
    clear_wrong_names(FileId::staging());
    const std::size_t cleared = plan_.size();
    place_right_names();
    if (planted(Bug::unlink_replayed)) replay_unlinks(cleared);
    for (const ManifestObject& object : theirs_manifest_.objects) bring_attributes(object);
    return std::move(plan_);
  }

  PartialPlan plan_part(const Manifest& mine, Period young_from) {
    partial_ = true;
    adoptable_from_ = young_from;
    theirs_listed_.insert(theirs_manifest_.listed.begin(), theirs_manifest_.listed.end());
    for (const ManifestObject& object : mine.objects) {
      if (mine_.names_of(object.id) == 0) present_.insert(object.id);  // by a name that stays
    }
    PartialPlan result;
    adopt();
    for (const FileId& directory : mine.listed) {
      // A directory that both have is listed on both sides, or its names are equal.
      if (theirs_.find(directory) != nullptr && !theirs_listed_.contains(directory)) {
        result.fits = planted(Bug::unlisted_directory_emptied);
      }
      clear_wrong_names(directory);
    }
    clear_wrong_names(FileId::staging());
    place_right_names();
    for (const ManifestObject& object : theirs_manifest_.objects) {
      if (mine_.find(object.id) == nullptr && !created_.contains(object.id)) result.fits = false;
      bring_attributes(object);
    }
    if (!staged_.empty() || placed_in_ != theirs_listed_) result.fits = false;
    result.steps = std::move(plan_);
    for (const ManifestObject& object : theirs_manifest_.objects) {
      if (created_.contains(object.id) || adopted_.contains(object.id)) result.fresh.push_back(object.id);
    }
    return result;
  }

 private:
  /// Directories of theirs to begin a walk with. In a part of a tree, those that mine has: the others are reached once
  /// they exist.
  [[nodiscard]] std::deque<FileId> tops() const {
    if (!partial_) return {FileId::root()};
    std::deque<FileId> found;
    for (const FileId& directory : theirs_manifest_.listed) {
      if (mine_.find(directory) != nullptr) found.push_back(directory);
    }
    return found;
  }
  [[nodiscard]] bool lists(const FileId& directory) const { return !partial_ || theirs_listed_.contains(directory); }

  [[nodiscard]] bool needed(const FileId& id) const {
    const ManifestObject* theirs = theirs_.find(id);
    const ManifestObject* mine = mine_.find(id);
    return theirs != nullptr && mine != nullptr && same_kind(*mine, *theirs);
  }
  [[nodiscard]] bool right(const FileId& parent, std::string_view name, const FileId& id) const {
    return needed(id) && theirs_.lookup(parent, name) == id;
  }

  void adopt() {
    std::deque<FileId> queue = tops();
    std::unordered_set<FileId> visited(queue.begin(), queue.end());  // a damaged manifest may hold a cycle
    while (!queue.empty()) {
      const FileId directory = queue.front();
      queue.pop_front();
      for (const auto& [name, wanted] : theirs_.names_in(directory)) {
        const FileId present = mine_.lookup(directory, name);
        if (present != FileId::none() && present != wanted) adopt(directory, name, present, wanted);
        const ManifestObject* object = theirs_.find(wanted);
        if (object == nullptr || !object->attributes.is_directory() || !lists(wanted)) continue;
        if (visited.insert(wanted).second) queue.push_back(wanted);
      }
    }
  }

  void adopt(const FileId& directory, std::string_view name, const FileId& present, const FileId& wanted) {
    const ManifestObject* object = mine_.find(present);
    const ManifestObject* model = theirs_.find(wanted);
    const bool strangers = mine_.find(wanted) == nullptr && theirs_.find(present) == nullptr;
    const bool alone = mine_.names_of(present) == 1;
    // In a part of a tree only what is young has all of its names here, and what is in it.
    const bool known_whole = !partial_ || (is_young(present, adoptable_from_) &&
                                           (model == nullptr || !model->attributes.is_directory() || lists(wanted)));
    if (object == nullptr || model == nullptr || !strangers || !same_kind(*object, *model) || !alone || !known_whole) {
      mark_(strangers ? Mark::plan_replaces_stranger : Mark::plan_replaces_known);
      return;
    }
    mark_(Mark::plan_adopts);
    adopted_.insert(wanted);
    Operation identify{.kind = OperationKind::identify};
    identify.parent = directory;
    identify.name = name;
    identify.file = wanted;
    plan_.push_back(std::move(identify));
    mine_.identify(directory, name, present, wanted);
  }

  /// Every name of mine that theirs has not: children before their directory, so that what is to be removed is
  /// empty when its turn comes.
  void clear_wrong_names(const FileId& top) {
    struct Level {
      FileId directory;
      Names::const_iterator next;
    };
    if (!descended_.insert(top).second) return;
    std::vector<Level> stack{{top, mine_.names_in(top).begin()}};
    while (!stack.empty()) {
      Level& level = stack.back();
      if (level.next == mine_.names_in(level.directory).end()) {
        stack.pop_back();
        continue;
      }
      const auto& [name, id] = *level.next;
      const ManifestObject* object = mine_.find(id);
      if (object != nullptr && object->attributes.is_directory() && descended_.insert(id).second) {
        stack.push_back({id, mine_.names_in(id).begin()});
        continue;
      }
      const FileId directory = level.directory;
      ++level.next;
      if (right(directory, name, id)) {
        present_.insert(id);
      } else {
        clear(directory, name, id, object);
      }
    }
  }

  void clear(const FileId& directory, std::string_view name, const FileId& id, const ManifestObject* object) {
    // Of a needed object one name must stay: one that is right, or one in staging.
    const bool named_there = !partial_ || theirs_.names_of(id) != 0;
    const bool keep = needed(id) && named_there && !has_right_name(id);
    if (keep && mine_.lookup(FileId::staging(), to_string(id)) == id) {
      mark_(Mark::plan_finds_parked);  // by a resync that was cut short
      staged_.emplace(id, to_string(id));
      present_.insert(id);
    }
    if (keep && directory == FileId::staging() && staged_.contains(id) && staged_.at(id) == name) return;
    if (keep && !staged_.contains(id) && planted(Bug::plan_forgets_staging)) return rename_at_once(directory, name, id);
    if (keep && !staged_.contains(id)) {
      mark_(directory == FileId::staging() ? Mark::plan_keeps_parked : Mark::plan_parks);
      if (directory != FileId::staging()) plan_.push_back(rename(directory, name, FileId::staging(), to_string(id)));
      staged_.emplace(id, directory == FileId::staging() ? std::string(name) : to_string(id));
      present_.insert(id);
      return;
    }
    mark_(directory == FileId::staging() ? Mark::plan_removes_parked : Mark::plan_removes);
    Operation unlink{.kind = OperationKind::unlink};
    unlink.parent = directory;
    unlink.name = name;
    unlink.file = id;
    if (object != nullptr && object->attributes.is_directory()) unlink.flags = flag_remove_directory;
    plan_.push_back(std::move(unlink));
  }

  /// Only with a planted bug.
  void replay_unlinks(std::size_t among) {
    for (std::size_t i = 0; i < among; ++i) {
      const Operation step = plan_[i];
      const bool anew = step.kind == OperationKind::unlink && theirs_.lookup(step.parent, step.name) != FileId::none();
      if (anew) plan_.push_back(step);
    }
  }

  /// Only with a planted bug.
  void rename_at_once(const FileId& directory, std::string_view name, const FileId& id) {
    for (const ManifestEntry& entry : theirs_manifest_.entries) {
      if (entry.id != id) continue;
      plan_.push_back(rename(directory, name, entry.parent, entry.name));
      renamed_at_once_.insert({entry.parent, entry.name});
      present_.insert(id);
      return;
    }
  }

  [[nodiscard]] bool has_right_name(const FileId& id) {
    if (right_names_.empty()) {
      for (const ManifestEntry& entry : theirs_manifest_.entries) {
        if (mine_.lookup(entry.parent, entry.name) == entry.id && needed(entry.id)) right_names_.insert(entry.id);
      }
      right_names_.insert(FileId::root());
    }
    return right_names_.contains(id);
  }

  void place_right_names() {
    std::deque<FileId> queue = tops();
    std::unordered_set<FileId> visited(queue.begin(), queue.end());
    while (!queue.empty()) {
      const FileId directory = queue.front();
      queue.pop_front();
      placed_in_.insert(directory);
      for (const auto& [name, id] : theirs_.names_in(directory)) {
        const ManifestObject* object = theirs_.find(id);
        if (object == nullptr || renamed_at_once_.contains({directory, std::string(name)})) continue;
        if (object->attributes.is_directory() && lists(id) && visited.insert(id).second) queue.push_back(id);
        if (!right(directory, name, mine_.lookup(directory, name))) place(directory, name, *object);
      }
    }
  }

  void place(const FileId& directory, std::string_view name, const ManifestObject& object) {
    const FileId& id = object.id;
    if (const auto staged = staged_.find(id); staged != staged_.end()) {
      mark_(Mark::plan_places_parked);
      plan_.push_back(rename(FileId::staging(), staged->second, directory, name));
      staged_.erase(staged);
      return;
    }
    const bool exists = !present_.insert(id).second;
    mark_(exists ? Mark::plan_links : Mark::plan_creates);
    Operation operation{.kind = exists ? OperationKind::link : OperationKind::create};
    operation.file = id;
    operation.parent = directory;
    operation.name = name;
    if (!exists) {
      operation.attributes = object.attributes;
      operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid | attribute_atime | attribute_mtime;
      if (object.attributes.is_regular()) operation.attributes.mask |= attribute_size;
      operation.data = Buffer::copy_of(object.symlink_target);
      created_.insert(id);
    }
    plan_.push_back(std::move(operation));
  }

  static Operation rename(const FileId& from, std::string_view name, const FileId& to, std::string_view new_name) {
    Operation operation{.kind = OperationKind::rename};
    operation.parent = from;
    operation.name = name;
    operation.new_parent = to;
    operation.new_name = new_name;
    return operation;
  }

  void bring_attributes(const ManifestObject& wanted) {
    static const ManifestObject fresh;
    const ManifestObject* found = created_.contains(wanted.id) ? nullptr : mine_.find(wanted.id);
    const ManifestObject& present = found == nullptr ? fresh : *found;
    bring_xattrs(wanted, present);
    // What comes later to a new object, names in it or an access list, changes its time or its mode.
    if (found == nullptr && !wanted.attributes.is_directory() && wanted.xattrs.empty()) return;
    const Attributes& a = wanted.attributes;
    const Attributes& b = present.attributes;
    std::uint32_t mask = 0;
    if (!wanted.attributes.is_symlink() && a.mode != b.mode) mask |= attribute_mode;
    if (a.uid != b.uid || a.gid != b.gid || found == nullptr) mask |= attribute_uid | attribute_gid;
    if (wanted.attributes.is_regular() && a.size_bytes != b.size_bytes) mask |= attribute_size;
    // Names that came or went have moved a directory's time, whatever it was before.
    const bool names_moved = wanted.attributes.is_directory() && lists(wanted.id);
    if (mask != 0 || a.mtime_ns != b.mtime_ns || a.atime_ns != b.atime_ns || names_moved) {
      Operation operation{.kind = OperationKind::set_attributes};
      operation.file = wanted.id;
      operation.attributes = a;
      // A change of owner may clear mode bits, so the mode is always given along.
      if (!wanted.attributes.is_symlink()) mask |= attribute_mode;
      operation.attributes.mask = mask | attribute_atime | attribute_mtime;
      plan_.push_back(std::move(operation));
    }
  }

  void bring_xattrs(const ManifestObject& wanted, const ManifestObject& present) {
    const std::map<std::string, std::string> have(present.xattrs.begin(), present.xattrs.end());
    const std::map<std::string, std::string> want(wanted.xattrs.begin(), wanted.xattrs.end());
    for (const auto& [name, value] : have) {
      if (!want.contains(name) && !planted(Bug::plan_keeps_attributes))
        plan_.push_back(xattr(OperationKind::remove_xattr, wanted.id, name, {}));
    }
    for (const auto& [name, value] : want) {
      const auto found = have.find(name);
      if (found != have.end() && found->second == value) continue;
      plan_.push_back(xattr(OperationKind::set_xattr, wanted.id, name, value));
    }
  }

  static Operation xattr(OperationKind kind, const FileId& file, const std::string& name, const std::string& value) {
    Operation operation{.kind = kind};
    operation.file = file;
    operation.name = name;
    operation.data = Buffer::copy_of(value);
    return operation;
  }

  Tree mine_;
  Tree theirs_;
  const Manifest& theirs_manifest_;
  MarkSink mark_;
  std::vector<Operation> plan_;
  std::unordered_set<FileId> present_{FileId::root()};  ///< objects of theirs that mine has (now)
  std::unordered_set<FileId> created_;
  std::unordered_set<FileId> adopted_;
  std::unordered_set<FileId> descended_;
  std::unordered_set<FileId> placed_in_;
  std::unordered_set<FileId> right_names_;
  std::unordered_map<FileId, std::string> staged_;
  std::set<std::pair<FileId, std::string>> renamed_at_once_;  ///< only with a planted bug
  bool partial_ = false;
  Period adoptable_from_ = 0;
  std::unordered_set<FileId> theirs_listed_;
};

}  // namespace

std::vector<Operation> plan_reconcile(const Manifest& mine, const Manifest& theirs, MarkSink mark) {
  return Planner(mine, theirs, mark).plan();
}

PartialPlan plan_partial(const Manifest& mine, const Manifest& theirs, Period young_from, MarkSink mark) {
  return Planner(mine, theirs, mark).plan_part(mine, young_from);
}

}  // namespace lockstep::engine

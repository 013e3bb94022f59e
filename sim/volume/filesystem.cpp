#include "sim/volume/filesystem.h"

#include "engine/values/check.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

namespace lockstep::sim {

std::uint32_t Inode::type() const { return attributes.mode & S_IFMT; }
bool Inode::is_directory() const { return type() == S_IFDIR; }
bool Inode::is_regular() const { return type() == S_IFREG; }

Filesystem::Filesystem(Random random, ChangeListener& listener) : random_(random), listener_(listener) {
  for (const auto& [number, id] :
       {std::pair{root_number, FileId::root()}, std::pair{staging_number, FileId::staging()}}) {
    Inode directory;
    directory.id = id;
    directory.attributes.mode = S_IFDIR | 0755;
    directory.parent = number;
    directory.names = 1;
    inodes_.emplace(number, std::move(directory));
    numbers_[id] = number;
  }
}

ApplyResult Filesystem::apply(const Operation& operation, io::Origin origin, std::int64_t now_ns) {
  if ((operation.flags & flag_resent) != 0) {
    Operation again = operation;
    again.flags &= ~std::uint32_t{flag_resent};
    if (auto done = done_before(again)) return *std::move(done);
    return apply(again, origin, now_ns);
  }
  const Context context{operation, origin, now_ns};
  switch (operation.kind) {
    case OperationKind::create: return create(context);
    case OperationKind::link: return link(context);
    case OperationKind::unlink: return unlink(context);
    case OperationKind::rename: return rename(context);
    case OperationKind::write:
    case OperationKind::fill: return write(context);
    case OperationKind::set_attributes: return set_attributes(context);
    case OperationKind::allocate: return allocate(context);
    case OperationKind::set_xattr: return set_xattr(context);
    case OperationKind::remove_xattr: return remove_xattr(context);
    case OperationKind::identify: return identify(context);
    case OperationKind::sync:
    case OperationKind::filled: break;
  }
  check_failed("kind", "only operations that change the tree are given to Volume::apply", __FILE__, __LINE__);
}

const Inode* Filesystem::find(FileId id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : &inodes_.at(found->second);
}

std::optional<InodeNumber> Filesystem::number_of(FileId id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

bool Filesystem::reachable(const Inode& inode) const { return inode.names > 0; }

bool Filesystem::within(InodeNumber number, InodeNumber ancestor) const {
  while (number != ancestor) {
    const InodeNumber parent = inodes_.at(number).parent;
    if (parent == number) return false;
    number = parent;
  }
  return true;
}

InodeNumber Filesystem::add_inode(InodeState state) {
  const InodeNumber number = next_number_++;
  if (state.id != FileId::none()) numbers_[state.id] = number;
  Inode inode;
  static_cast<InodeState&>(inode) = std::move(state);
  inodes_.emplace(number, std::move(inode));
  listener_.inode_created(number);
  return number;
}

Inode& Filesystem::change(InodeNumber number) {
  Inode& inode = inodes_.at(number);
  listener_.inode_will_change(number, inode);
  return inode;
}

void Filesystem::set_identity(InodeNumber number, FileId id) {
  Inode& inode = change(number);
  const auto indexed = numbers_.find(inode.id);
  if (indexed != numbers_.end() && indexed->second == number) numbers_.erase(indexed);
  inode.id = id;
  numbers_[id] = number;
}

void Filesystem::set_name(InodeNumber directory, const std::string& name, InodeNumber target) {
  auto& entries = inodes_.at(directory).entries;
  const auto existing = entries.find(name);
  if (existing != entries.end()) {
    --inodes_.at(existing->second).names;
    entries.erase(existing);
  }
  if (target == 0) return;
  entries[name] = target;
  Inode& inode = inodes_.at(target);
  ++inode.names;
  if (inode.is_directory()) inode.parent = directory;
}

// An object that nothing leads to any more does not keep its identity from another: a resync may bring the file
// back that this node has removed.
bool Filesystem::identity_taken(FileId id, InodeNumber by_other_than) const {
  const auto number = number_of(id);
  return number && *number != by_other_than && inodes_.at(*number).names > 0;
}

FileId Filesystem::draw_identity() {
  return {identities_of_, random_.next() | 1U << 8U};  // never one of the reserved ones
}

bool Filesystem::identify_all() {
  bool any = false;
  for (auto& [number, inode] : inodes_) {
    if (inode.id != FileId::none()) continue;
    set_identity(number, draw_identity());
    any = true;
  }
  return any;
}

namespace {
ManifestObject manifest_object(const Inode& inode) {
  constexpr std::uint32_t every_field =
      attribute_mode | attribute_uid | attribute_gid | attribute_size | attribute_atime | attribute_mtime;
  ManifestObject object{inode.id, inode.attributes, inode.target, {inode.xattrs.begin(), inode.xattrs.end()}};
  object.attributes.mask = every_field;
  object.attributes.size_bytes = inode.is_regular() ? inode.content.size() : inode.target.size();
  return object;
}
}  // namespace

Manifest Filesystem::survey(const SurveyRequest& request) const {
  std::set<FileId> objects(request.objects.begin(), request.objects.end());
  std::vector<FileId> directories = request.directories;
  std::set<FileId> entered(directories.begin(), directories.end());
  directories.push_back(FileId::staging());
  Manifest manifest;
  for (std::size_t next = 0; next < directories.size(); ++next) {
    const FileId id = directories[next];
    const Inode* directory = find(id);
    if (directory == nullptr || directory->names == 0) continue;
    if (id != FileId::staging()) objects.insert(id);
    if (!directory->is_directory()) continue;
    if (id != FileId::staging()) manifest.listed.push_back(id);
    for (const auto& [name, target] : directory->entries) {
      const Inode& child = inodes_.at(target);
      manifest.entries.push_back({id, name, child.id});
      objects.insert(child.id);
      if (child.is_directory() && is_young(child.id, request.young_from) && entered.insert(child.id).second) {
        directories.push_back(child.id);
      }
    }
  }
  for (const FileId& id : objects) {
    const Inode* inode = find(id);
    if (inode != nullptr && inode->names > 0) manifest.objects.push_back(manifest_object(*inode));
  }
  return manifest;
}

Manifest Filesystem::list(const Inode& directory, const std::string& from, std::size_t entries_max) const {
  Manifest manifest;
  manifest.objects.push_back(manifest_object(directory));
  std::set<FileId> told;
  for (auto entry = directory.entries.lower_bound(from);
       entry != directory.entries.end() && manifest.entries.size() < entries_max; ++entry) {
    const Inode& child = inodes_.at(entry->second);
    manifest.entries.push_back({directory.id, entry->first, child.id});
    if (!told.insert(child.id).second) continue;
    manifest.objects.push_back(manifest_object(child));
    manifest.objects.back().links = child.names;
  }
  return manifest;
}

Manifest Filesystem::manifest() const {
  Manifest manifest;
  for (const auto& [number, inode] : inodes_) {
    if (inode.names == 0) continue;
    if (number != staging_number) manifest.objects.push_back(manifest_object(inode));
    for (const auto& [name, target] : inode.entries)
      manifest.entries.push_back({inode.id, name, inodes_.at(target).id});
  }
  return manifest;
}

void Filesystem::replace(std::map<InodeNumber, InodeState> states,
                         const std::map<InodeNumber, std::map<std::string, InodeNumber>>& names) {
  inodes_.clear();
  numbers_.clear();
  for (auto& [number, state] : states) {
    next_number_ = std::max(next_number_, number + 1);  // another disk's objects may be new here
    Inode inode;
    static_cast<InodeState&>(inode) = std::move(state);
    inodes_.emplace(number, std::move(inode));
  }
  for (const auto& [directory, entries] : names) {
    if (!inodes_.contains(directory)) continue;
    for (const auto& [name, target] : entries) set_name(directory, name, target);
  }
  for (const InodeNumber number : {root_number, staging_number}) {
    inodes_.at(number).parent = number;
    inodes_.at(number).names = 1;
  }
  drop_nameless({});
  for (const auto& [number, inode] : inodes_) {
    if (inode.id != FileId::none()) numbers_[inode.id] = number;
  }
}

void Filesystem::drop_nameless(const std::set<InodeNumber>& on_disk) {
  std::erase_if(inodes_, [&](const auto& entry) {
    if (entry.second.names > 0) return false;
    LOCKSTEP_CHECK(entry.second.entries.empty(), "a directory without a name is empty");
    const auto indexed = numbers_.find(entry.second.id);
    if (indexed != numbers_.end() && indexed->second == entry.first) numbers_.erase(indexed);
    return !on_disk.contains(entry.first);
  });
}

void Filesystem::scribble(InodeNumber number, std::uint64_t offset, std::span<const std::byte> bytes) {
  Content& content = inodes_.at(number).content;
  if (offset >= content.size()) return;
  content.write(offset, bytes.first(std::min<std::uint64_t>(bytes.size(), content.size() - offset)));
}

void Filesystem::prefill(InodeNumber parent, const std::string& name, InodeState state) {
  const InodeNumber number = add_inode(std::move(state));
  set_name(parent, name, number);
  listener_.names_changed({{parent, name, number}});
}

void Filesystem::touch_directory(InodeNumber number, std::int64_t mtime_ns, const Context& context) {
  // A resync's own primitives carry no times; it sets the directory's time when its names are complete.
  if (context.from_stream() && mtime_ns == 0) return;
  change(number).attributes.mtime_ns = mtime_ns;
}

}  // namespace lockstep::sim

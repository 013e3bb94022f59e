#include "sim/explore/catalogue.h"

#include <array>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace lockstep::sim {

namespace {

constexpr std::size_t large_file_bytes = 9'000;
constexpr std::size_t small_file_bytes = 300;

using Asked = std::optional<Operation>;

Buffer bytes_of(std::size_t count, int value) {
  return Buffer(std::vector<std::byte>(count, static_cast<std::byte>(value)));
}

/// The object at a path of at most two names.
const Inode* at(const Filesystem& tree, std::string_view path) {
  const Inode* inode = &tree.inode(Filesystem::root_number);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto found = inode->entries.find(std::string(path.substr(0, slash)));
    if (found == inode->entries.end()) return nullptr;
    inode = &tree.inode(found->second);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return inode;
}

const Inode* newest_file(const Filesystem& tree) {
  for (const std::string_view path : {"n", "d/k", "d/r", "f", "d/f", "e/d/f", "g"}) {
    const Inode* inode = at(tree, path);
    if (inode != nullptr && inode->is_regular()) return inode;
  }
  return nullptr;
}

Asked create(const Filesystem& tree, const std::string& name, std::uint32_t mode, std::string_view target = {}) {
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = at(tree, "")->id;
  operation.name = name;
  operation.attributes.mode = mode;
  operation.data = Buffer::copy_of(target);
  return operation;
}

Asked unlink(const Filesystem& tree, const std::string& name, std::uint32_t flags) {
  Operation operation;
  operation.kind = OperationKind::unlink;
  operation.flags = flags;
  operation.parent = at(tree, "")->id;
  operation.name = name;
  return operation;
}

Asked rename(const Filesystem& tree, const std::string& from, std::string_view directory, const std::string& to,
             std::uint32_t flags = 0) {
  const Inode* target = at(tree, directory);
  if (target == nullptr) return std::nullopt;
  Operation operation;
  operation.kind = OperationKind::rename;
  operation.flags = flags;
  operation.parent = at(tree, "")->id;
  operation.name = from;
  operation.new_parent = target->id;
  operation.new_name = to;
  return operation;
}

Asked of_newest(const Filesystem& tree, OperationKind kind) {
  const Inode* file = newest_file(tree);
  if (file == nullptr) return std::nullopt;
  Operation operation;
  operation.kind = kind;
  operation.file = file->id;
  return operation;
}

Asked write(const Filesystem& tree, std::uint64_t offset, int value) {
  Asked operation = of_newest(tree, OperationKind::write);
  if (!operation) return operation;
  operation->offset = offset;
  operation->data = bytes_of(700, value);
  return operation;
}

Asked append(const Filesystem& tree) {
  const Inode* file = newest_file(tree);
  return file == nullptr ? std::nullopt : write(tree, file->content.size(), 4);
}

Asked allocate(const Filesystem& tree, std::uint64_t offset, std::uint64_t length, std::uint32_t flags) {
  Asked operation = of_newest(tree, OperationKind::allocate);
  if (!operation) return operation;
  operation->offset = offset;
  operation->length = length;
  operation->flags = flags;
  return operation;
}

Asked set_attributes(const Filesystem& tree, const Attributes& wanted) {
  Asked operation = of_newest(tree, OperationKind::set_attributes);
  if (operation) operation->attributes = wanted;
  return operation;
}

Asked truncate(const Filesystem& tree, std::uint64_t size) {
  Attributes wanted;
  wanted.mask = attribute_size;
  wanted.size_bytes = size;
  return set_attributes(tree, wanted);
}

Asked change_mode(const Filesystem& tree) {
  Attributes wanted;
  wanted.mask = attribute_mode | attribute_uid;
  wanted.mode = 0600;
  wanted.uid = 7;
  return set_attributes(tree, wanted);
}

Asked set_times(const Filesystem& tree) {
  Attributes wanted;
  wanted.mask = attribute_atime_now | attribute_mtime;
  wanted.mtime_ns = 1'234'567'890;
  return set_attributes(tree, wanted);
}

Asked link(const Filesystem& tree) {
  const Inode* directory = at(tree, "d");
  Asked operation = of_newest(tree, OperationKind::link);
  if (directory == nullptr || !operation) return std::nullopt;
  operation->parent = directory->id;
  operation->name = "k";
  return operation;
}

Asked set_xattr(const Filesystem& tree) {
  Asked operation = of_newest(tree, OperationKind::set_xattr);
  if (!operation) return operation;
  operation->name = "user.new";
  operation->data = bytes_of(20, 5);
  return operation;
}

Asked remove_xattr(const Filesystem& tree) {
  Asked operation = of_newest(tree, OperationKind::remove_xattr);
  if (operation) operation->name = "user.old";
  return operation;
}

Asked sync(FileId file) {
  Operation operation;
  operation.kind = OperationKind::sync;
  operation.file = file;
  return operation;
}

constexpr std::array requests{
    Request{"create-file", [](const Filesystem& tree) { return create(tree, "n", S_IFREG | 0644); }},
    Request{"create-directory", [](const Filesystem& tree) { return create(tree, "m", S_IFDIR | 0755); }},
    Request{"create-symlink", [](const Filesystem& tree) { return create(tree, "s", S_IFLNK | 0777, "d/f"); }},
    Request{"link", link},
    Request{"unlink", [](const Filesystem& tree) { return unlink(tree, "f", 0); }},
    Request{"remove-directory", [](const Filesystem& tree) { return unlink(tree, "e", flag_remove_directory); }},
    Request{"rename", [](const Filesystem& tree) { return rename(tree, "f", "d", "r"); }},
    Request{"rename-over", [](const Filesystem& tree) { return rename(tree, "g", "", "f"); }},
    Request{"rename-directory", [](const Filesystem& tree) { return rename(tree, "d", "e", "d"); }},
    Request{"exchange", [](const Filesystem& tree) { return rename(tree, "g", "d", "f", flag_exchange); }},
    Request{"write", [](const Filesystem& tree) { return write(tree, 100, 3); }},
    Request{"append", append},
    Request{"write-beyond", [](const Filesystem& tree) { return write(tree, 20'000, 6); }},
    Request{"truncate", [](const Filesystem& tree) { return truncate(tree, 10); }},
    Request{"extend", [](const Filesystem& tree) { return truncate(tree, 15'000); }},
    Request{"allocate", [](const Filesystem& tree) { return allocate(tree, 5'000, 9'000, 0); }},
    Request{"punch-hole",
            [](const Filesystem& tree) { return allocate(tree, 50, 5'000, flag_keep_size | flag_punch_hole); }},
    Request{"change-mode", change_mode},
    Request{"set-times", set_times},
    Request{"set-xattr", set_xattr},
    Request{"remove-xattr", remove_xattr},
    Request{"sync-file",
            [](const Filesystem& tree) {
              const Inode* file = newest_file(tree);
              return file == nullptr ? std::nullopt : sync(file->id);
            }},
    Request{"sync-directory", [](const Filesystem& tree) { return sync(at(tree, "")->id); }},
    Request{"sync-all", [](const Filesystem&) { return sync(FileId::none()); }},
};

InodeState object(std::uint32_t mode, std::size_t bytes) {
  InodeState state;
  state.attributes.mode = mode;
  state.attributes.mtime_ns = 1'000'000'000;
  state.content.write(0, bytes_of(bytes, 1).bytes());
  return state;
}

}  // namespace

std::span<const Request> catalogue() { return requests; }

void lay_out_tree(Filesystem& filesystem) {
  InodeState large = object(S_IFREG | 0644, large_file_bytes);
  large.xattrs["user.old"] = "value";
  filesystem.prefill(Filesystem::root_number, "f", std::move(large));
  filesystem.prefill(Filesystem::root_number, "g", object(S_IFREG | 0644, small_file_bytes));
  filesystem.prefill(Filesystem::root_number, "d", object(S_IFDIR | 0755, 0));
  filesystem.prefill(filesystem.inode(Filesystem::root_number).entries.at("d"), "f",
                     object(S_IFREG | 0644, small_file_bytes));
  filesystem.prefill(Filesystem::root_number, "e", object(S_IFDIR | 0755, 0));
  InodeState symlink = object(S_IFLNK | 0777, 0);
  symlink.target = "f";
  filesystem.prefill(Filesystem::root_number, "l", std::move(symlink));
}

}  // namespace lockstep::sim

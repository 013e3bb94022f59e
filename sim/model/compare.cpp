#include "sim/model/compare.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace lockstep::sim {

namespace {

// Without copying the file: the model's bytes against the volume's pages. Both are of one size.
std::optional<std::size_t> first_difference(const std::string& expected, const Content& actual) {
  static const Content::Page zeros{};
  for (std::size_t at = 0; at < expected.size(); at += Content::page_bytes) {
    const auto page = actual.page(at / Content::page_bytes);
    const auto* there = reinterpret_cast<const char*>(page ? page->data() : zeros.data());
    const std::string_view here(expected.data() + at, std::min(Content::page_bytes, expected.size() - at));
    // Compared as a whole first: the checkers do this for every file that changes, and nearly all of them agree.
    if (std::memcmp(here.data(), there, here.size()) == 0) continue;
    const auto wanted = std::mismatch(here.begin(), here.end(), there).first;
    return at + static_cast<std::size_t>(wanted - here.begin());
  }
  return std::nullopt;
}

// The expected bytes, with what the volume has where nothing else can be expected of it.
std::string with_rot(std::string expected, const Content& actual, const std::vector<Range>& rotten) {
  for (const Range& range : rotten) {
    if (range.begin >= expected.size()) continue;
    const std::vector<std::byte> found = actual.read(range.begin, std::min(range.end, expected.size()) - range.begin);
    std::memcpy(expected.data() + range.begin, found.data(), found.size());
  }
  return expected;
}

std::string entries_difference(const ModelObject& expected, const Inode& actual, const Filesystem& filesystem,
                               Entries entries) {
  for (const auto& [name, id] : expected.entries) {
    const auto found = actual.entries.find(name);
    if (found == actual.entries.end()) return "lacks the name '" + name + "'";
    if (entries == Entries::names) continue;
    if (filesystem.inode(found->second).id != id) return "leads from '" + name + "' to another object";
  }
  for (const auto& [name, number] : actual.entries) {
    if (!expected.entries.contains(name)) return "has the name '" + name + "' too many";
  }
  return {};
}

}  // namespace

Model import_tree(const Filesystem& filesystem) {
  Model model;
  for (const auto& [number, inode] : filesystem.inodes()) {
    if (inode.names == 0 || number == Filesystem::staging_number) continue;
    ModelObject& object = model.import_object(inode.id);
    object.mode = inode.attributes.mode;
    object.uid = inode.attributes.uid;
    object.gid = inode.attributes.gid;
    object.mtime_ns = inode.attributes.mtime_ns;
    object.target = inode.target;
    object.xattrs = inode.xattrs;
    const std::vector<std::byte> bytes = inode.content.read(0, inode.content.size());
    object.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  for (const auto& [number, inode] : filesystem.inodes()) {
    if (inode.names == 0 || number == Filesystem::staging_number) continue;
    for (const auto& [name, target] : inode.entries) {
      model.import_name(inode.id, name, filesystem.inode(target).id);
    }
  }
  return model;
}

std::string object_difference(FileId id, const ModelObject& expected, const Filesystem& actual, Entries entries,
                              const Ranges& rotten) {
  const Inode* inode = actual.find(id);
  const std::string who = to_string(id);
  if (inode == nullptr || inode->names == 0) return "object " + who + " is missing";
  if (inode->attributes.mode != expected.mode) {
    return "object " + who + " has mode " + std::to_string(inode->attributes.mode) + " instead of " +
           std::to_string(expected.mode);
  }
  if (inode->attributes.uid != expected.uid || inode->attributes.gid != expected.gid) {
    return "object " + who + " has another owner";
  }
  if (inode->target != expected.target) return "symlink " + who + " has another target";
  if (inode->xattrs != expected.xattrs) return "object " + who + " has other extended attributes";
  if (inode->content.size() != expected.bytes.size()) {
    return "file " + who + " has " + std::to_string(inode->content.size()) + " bytes instead of " +
           std::to_string(expected.bytes.size());
  }
  const std::vector<Range>* rot = rotten.of(id);
  const auto differs = rot == nullptr
                           ? first_difference(expected.bytes, inode->content)
                           : first_difference(with_rot(expected.bytes, inode->content, *rot), inode->content);
  if (differs) return "file " + who + " has other bytes, the first of them at " + std::to_string(*differs);
  if (const std::string text = entries_difference(expected, *inode, actual, entries); !text.empty()) {
    return "directory " + who + " " + text;
  }
  if (inode->attributes.mtime_ns != expected.mtime_ns) {
    return "object " + who + " has mtime " + std::to_string(inode->attributes.mtime_ns) + " instead of " +
           std::to_string(expected.mtime_ns);
  }
  return {};
}

std::string difference(const Model& expected, const Filesystem& actual, const Ranges& rotten) {
  std::size_t objects = 0;
  for (const auto& [number, inode] : actual.inodes()) {
    if (inode.names > 0 && number != Filesystem::staging_number) ++objects;
  }
  for (const auto& [id, object] : expected.objects()) {
    if (std::string text = object_difference(id, object, actual, Entries::identities, rotten); !text.empty())
      return text;
  }
  if (objects != expected.objects().size()) {
    return std::to_string(objects) + " objects instead of " + std::to_string(expected.objects().size());
  }
  return {};
}

}  // namespace lockstep::sim

#include "io/linux/fuse_nodes.h"

#include <algorithm>
#include <sys/stat.h>
#include <utility>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {

FuseNodes::FuseNodes() {
  nodes_[FUSE_ROOT_ID] = Node{FileId::root(), 1};
  displaced_[FileId::root()] = FUSE_ROOT_ID;
}

FuseNodes::Nodes::iterator FuseNodes::find(const FileId& id) {
  const auto displaced = displaced_.find(id);
  const auto node = nodes_.find(displaced == displaced_.end() ? std::hash<FileId>()(id) : displaced->second);
  return node != nodes_.end() && node->second.id == id ? node : nodes_.end();
}

std::uint64_t FuseNodes::remember(const FileId& id) {
  auto node = find(id);
  if (node == nodes_.end()) {
    const std::uint64_t own = std::hash<FileId>()(id);
    std::uint64_t number = own;
    while (number <= FUSE_ROOT_ID || nodes_.contains(number)) ++number;
    if (number != own) displaced_[id] = number;
    node = nodes_.emplace(number, Node{id}).first;
  }
  ++node->second.lookups;
  return node->first;
}

FileId FuseNodes::id_of(std::uint64_t number) const {
  const auto node = nodes_.find(number);
  return node == nodes_.end() ? FileId::none() : node->second.id;
}

void FuseNodes::told_mode(const FileId& id, std::uint32_t mode) {
  const auto node = find(id);
  if (node == nodes_.end()) return;
  node->second.privileged = S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)) != 0;
  node->second.told_privileged = node->second.privileged;
}

bool FuseNodes::privileged(const FileId& id) {
  const auto node = find(id);
  return node != nodes_.end() && node->second.privileged;
}

std::uint64_t FuseNodes::take_privileged(const FileId& id) {
  const auto node = find(id);
  return node != nodes_.end() && std::exchange(node->second.told_privileged, false) ? node->first : 0;
}

FileId FuseNodes::forget(std::uint64_t number, std::uint64_t lookups) {
  const auto node = nodes_.find(number);
  if (node == nodes_.end() || number == FUSE_ROOT_ID) return FileId::none();
  node->second.lookups -= std::min(lookups, node->second.lookups);
  FileId released = FileId::none();
  if (node->second.lookups == 0 && std::exchange(node->second.kept, false)) {
    released = node->second.id;
    --node->second.opens;
  }
  drop_if_unused(node);
  return released;
}

bool FuseNodes::keep(const FileId& id) {
  const auto node = find(id);
  if (node == nodes_.end() || node->second.lookups == 0 || std::exchange(node->second.kept, true)) return false;
  ++node->second.opens;
  return true;
}

void FuseNodes::opened(const FileId& id) {
  if (const auto node = find(id); node != nodes_.end()) ++node->second.opens;
}

void FuseNodes::released(const FileId& id) {
  const auto node = find(id);
  if (node == nodes_.end() || node->second.opens == 0) return;
  --node->second.opens;
  drop_if_unused(node);
}

void FuseNodes::for_each_open(const std::function<void(const FileId&)>& visit) const {
  for (const auto& [number, node] : nodes_) {
    for (std::uint64_t i = 0; i < node.opens; ++i) visit(node.id);
  }
}

void FuseNodes::drop_if_unused(Nodes::iterator node) {
  if (node->second.lookups != 0 || node->second.opens != 0) return;
  displaced_.erase(node->second.id);
  nodes_.erase(node);
}

}  // namespace lockstep::linux_io

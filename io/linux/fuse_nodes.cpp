#include "io/linux/fuse_nodes.h"

#include <algorithm>
#include <sys/stat.h>
#include <utility>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {

FuseNodes::FuseNodes() : last_number_(FUSE_ROOT_ID) {
  nodes_[FUSE_ROOT_ID] = Node{FileId::root(), 1};
  numbers_[FileId::root()] = FUSE_ROOT_ID;
}

std::uint64_t FuseNodes::remember(const FileId& id) {
  const auto [known, fresh] = numbers_.try_emplace(id, 0);
  if (fresh) {
    known->second = ++last_number_;
    nodes_[known->second].id = id;
  }
  ++nodes_[known->second].lookups;
  return known->second;
}

FileId FuseNodes::id_of(std::uint64_t number) const {
  const auto node = nodes_.find(number);
  return node == nodes_.end() ? FileId::none() : node->second.id;
}

void FuseNodes::told_mode(const FileId& id, std::uint32_t mode) {
  const auto number = numbers_.find(id);
  if (number == numbers_.end()) return;
  Node& node = nodes_[number->second];
  node.privileged = S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)) != 0;
  node.told_privileged = node.privileged;
}

bool FuseNodes::privileged(const FileId& id) const {
  const auto number = numbers_.find(id);
  return number != numbers_.end() && nodes_.at(number->second).privileged;
}

std::uint64_t FuseNodes::take_privileged(const FileId& id) {
  const auto number = numbers_.find(id);
  if (number == numbers_.end()) return 0;
  return std::exchange(nodes_[number->second].told_privileged, false) ? number->second : 0;
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
  const auto number = numbers_.find(id);
  if (number == numbers_.end()) return false;
  Node& node = nodes_[number->second];
  if (node.lookups == 0 || std::exchange(node.kept, true)) return false;
  ++node.opens;
  return true;
}

void FuseNodes::opened(const FileId& id) {
  const auto number = numbers_.find(id);
  if (number != numbers_.end()) ++nodes_[number->second].opens;
}

void FuseNodes::released(const FileId& id) {
  const auto number = numbers_.find(id);
  if (number == numbers_.end()) return;
  const auto node = nodes_.find(number->second);
  if (node->second.opens == 0) return;
  --node->second.opens;
  drop_if_unused(node);
}

void FuseNodes::for_each_open(const std::function<void(const FileId&)>& visit) const {
  for (const auto& [number, node] : nodes_) {
    for (std::uint64_t i = 0; i < node.opens; ++i) visit(node.id);
  }
}

void FuseNodes::drop_if_unused(std::unordered_map<std::uint64_t, Node>::iterator node) {
  if (node->second.lookups != 0 || node->second.opens != 0) return;
  numbers_.erase(node->second.id);
  nodes_.erase(node);
}

}  // namespace lockstep::linux_io

#include "io/linux/fuse_nodes.h"

#include <algorithm>
#include <sys/stat.h>
#include <vector>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {
namespace {

// Of FuseState::Node::opens_and_flags.
constexpr std::uint64_t flag_privileged = 1U << 0U;
constexpr std::uint64_t flag_told_privileged = 1U << 1U;  ///< and the kernel may have that cached
constexpr std::uint64_t flag_kept = 1U << 2U;             ///< one of its opens is for the kernel's references
constexpr std::uint64_t one_open = std::uint64_t{1} << FuseState::Node::opens_shift;

}  // namespace

FuseNodes::FuseNodes(FuseState& state) : state_(state) {
  // What a life that was killed was about to lower, or to erase.
  std::vector<std::uint64_t> unused;
  state_.for_each([&](Node& node) {
    if (node.number == FUSE_ROOT_ID) return;
    if ((node.opens_and_flags & flag_kept) != 0 && (node.lookups == 0 || node.opens() == 0)) {
      const std::uint64_t released = node.opens_and_flags & ~flag_kept;
      FuseState::publish(node.opens_and_flags, node.opens() == 0 ? released : released - one_open);
    }
    if (node.lookups == 0 && node.opens() == 0) unused.push_back(node.number);
  });
  for (const std::uint64_t number : unused) state_.erase(state_.find(number));
  if (state_.find(FUSE_ROOT_ID) == nullptr) state_.insert(FUSE_ROOT_ID, FileId::root(), {}, 1);
  state_.for_each([&](Node& node) {
    if (node.number != std::hash<FileId>()(node.id())) displaced_[node.id()] = node.number;
  });
}

FuseNodes::Node* FuseNodes::find(const FileId& id) const {
  const auto displaced = displaced_.find(id);
  Node* const node = state_.find(displaced == displaced_.end() ? std::hash<FileId>()(id) : displaced->second);
  return node != nullptr && node->id() == id ? node : nullptr;
}

std::uint64_t FuseNodes::remember(const FileId& id, const ObjectIndex::Place& place) {
  if (Node* const node = find(id)) {
    FuseState::publish(node->lookups, node->lookups + 1);
    return node->number;
  }
  const std::uint64_t own = std::hash<FileId>()(id);
  std::uint64_t number = own;
  while (number <= FUSE_ROOT_ID || number == FuseState::number_removed || state_.find(number) != nullptr) ++number;
  if (number != own) displaced_[id] = number;
  state_.insert(number, id, place, 1);
  return number;
}

FileId FuseNodes::id_of(std::uint64_t number) const {
  const Node* const node = state_.find(number);
  return node == nullptr ? FileId::none() : node->id();
}

std::optional<ObjectIndex::Place> FuseNodes::place_of(const FileId& id) const {
  const Node* const node = find(id);
  return node == nullptr ? std::nullopt : node->place();
}

void FuseNodes::told_mode(const FileId& id, std::uint32_t mode) {
  Node* const node = find(id);
  if (node == nullptr) return;
  constexpr std::uint64_t flags = flag_privileged | flag_told_privileged;
  const bool set = S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)) != 0;
  const std::uint64_t told = set ? node->opens_and_flags | flags : node->opens_and_flags & ~flags;
  if (told != node->opens_and_flags) FuseState::publish(node->opens_and_flags, told);
}

bool FuseNodes::privileged(const FileId& id) const {
  const Node* const node = find(id);
  return node != nullptr && (node->opens_and_flags & flag_privileged) != 0;
}

std::uint64_t FuseNodes::told_privileged(const FileId& id) const {
  const Node* const node = find(id);
  return node != nullptr && (node->opens_and_flags & flag_told_privileged) != 0 ? node->number : 0;
}

void FuseNodes::untold_privileged(const FileId& id) {
  if (Node* const node = find(id)) {
    FuseState::publish(node->opens_and_flags, node->opens_and_flags & ~flag_told_privileged);
  }
}

FileId FuseNodes::forget(std::uint64_t number, std::uint64_t lookups) {
  Node* const node = state_.find(number);
  if (node == nullptr || number == FUSE_ROOT_ID) return FileId::none();
  FuseState::publish(node->lookups, node->lookups - std::min(lookups, node->lookups));
  FileId released = FileId::none();
  if (node->lookups == 0 && (node->opens_and_flags & flag_kept) != 0) {
    released = node->id();
    FuseState::publish(node->opens_and_flags, (node->opens_and_flags & ~flag_kept) - one_open);
  }
  drop_if_unused(node);
  return released;
}

bool FuseNodes::keep(const FileId& id) {
  Node* const node = find(id);
  if (node == nullptr || node->lookups == 0 || (node->opens_and_flags & flag_kept) != 0) return false;
  FuseState::publish(node->opens_and_flags, (node->opens_and_flags | flag_kept) + one_open);
  return true;
}

void FuseNodes::opened(const FileId& id) {
  if (Node* const node = find(id)) FuseState::publish(node->opens_and_flags, node->opens_and_flags + one_open);
}

bool FuseNodes::released(const FileId& id) {
  if (!is_open(id)) return false;
  Node* const node = find(id);
  FuseState::publish(node->opens_and_flags, node->opens_and_flags - one_open);
  drop_if_unused(node);
  return true;
}

bool FuseNodes::is_open(const FileId& id) const {
  const Node* const node = find(id);
  if (node == nullptr) return false;
  const std::uint64_t kept = (node->opens_and_flags & flag_kept) != 0 ? 1 : 0;
  return node->opens() > kept;
}

void FuseNodes::lose_opens(const FileId& id) {
  Node* const node = find(id);
  if (node == nullptr) return;
  FuseState::publish(node->opens_and_flags, node->opens_and_flags & (one_open - 1) & ~flag_kept);
  drop_if_unused(node);
}

void FuseNodes::for_each_open(const std::function<void(const FileId&, std::uint64_t)>& visit) const {
  state_.for_each([&](const Node& node) {
    if (node.opens() != 0) visit(node.id(), node.opens());
  });
}

void FuseNodes::drop_if_unused(Node* node) {
  if (node->lookups != 0 || node->opens() != 0) return;
  displaced_.erase(node->id());
  state_.erase(node);
}

}  // namespace lockstep::linux_io

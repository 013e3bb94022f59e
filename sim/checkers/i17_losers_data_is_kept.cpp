#include "sim/checkers/i17_losers_data_is_kept.h"

#include <algorithm>
#include <string_view>
#include <sys/stat.h>

namespace lockstep::sim {

namespace {

bool is_directory(const InodeState& state) { return (state.attributes.mode & S_IFMT) == S_IFDIR; }

bool same(const InodeState& a, const InodeState& b) {
  return a.attributes.mode == b.attributes.mode && a.attributes.uid == b.attributes.uid &&
         a.attributes.gid == b.attributes.gid && (is_directory(a) || a.attributes.mtime_ns == b.attributes.mtime_ns) &&
         a.target == b.target && a.xattrs == b.xattrs && a.content == b.content;
}

bool same(const InodeState& state, const ModelObject& object) {
  const Attributes& a = state.attributes;
  if (a.mode != object.mode || a.uid != object.uid || a.gid != object.gid || state.target != object.target ||
      state.xattrs != object.xattrs || state.content.size() != object.bytes.size()) {
    return false;
  }
  if (!is_directory(state) && a.mtime_ns != object.mtime_ns) return false;
  const std::vector<std::byte> bytes = state.content.read(0, state.content.size());
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == object.bytes;
}

bool holds(const Model& model, const InodeState& state) {
  const ModelObject* object = model.find(state.id);
  return object != nullptr && same(state, *object);
}

}  // namespace

bool LosersDataIsKept::rotten(FileId id) const {
  return history_.rotten(NodeId::first).of(id) != nullptr || history_.rotten(NodeId::second).of(id) != nullptr;
}

bool LosersDataIsKept::has_name(NodeId node, FileId id) const {
  const Inode* present = tree(node).find(id);
  return present != nullptr && present->names > 0;
}

bool LosersDataIsKept::kept(NodeId node, FileId id, const InodeState& state) const {
  const SimVolume::Kept& all = world_.node(node).volume().kept();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& each) { return each.first.second == id && same(each.second, state); });
}

void LosersDataIsKept::delivering(Place to, const io::Event& event) {
  if (const auto* given = std::get_if<io::CommandGiven>(&event)) {
    force_commanded_ = force_commanded_ || (given->command.verb == io::Verb::prim && given->command.force);
    repair_commanded_ = repair_commanded_ || (given->command.verb == io::Verb::verify && given->command.repair);
  } else if (std::holds_alternative<io::SetAside>(event) && !force_commanded_ && !repair_commanded_ &&
             !alone_.anybody()) {
    throw Violation("I17", std::string(to_string(to)) + " sets something aside, but nobody was ever forced");
  }
}

void LosersDataIsKept::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  if (const auto* acknowledgement = std::get_if<io::RequestAcknowledged>(&event)) {
    acknowledged(*acknowledgement);
  } else if (const auto* writable = std::get_if<io::WritableChanged>(&event)) {
    forced();
    Loser& here = losers_[index_of(by)];
    has_written_[index_of(by)] = true;
    if (writable->writable && alone_.apart(node_at(by)) && !here.diverged) {
      here.diverged = true;
      here.forced_tree = history_.tip();
    }
  } else if (const auto* change = std::get_if<io::RoleChanged>(&event)) {
    // Whatever a resync had begun: its tree has a history of its own again, also if nobody comes to write there.
    Loser& here = losers_[index_of(by)];
    if (change->to == "Promoting" && here.judged) here = {here.diverged, here.forced_tree, false, {}, here.kept, {}};
  } else if (const auto* began = std::get_if<io::ResyncBegan>(&event)) {
    resync_begins(node_at(by), *began);
  } else if (std::holds_alternative<io::ResyncEnded>(event)) {
    resync_ends(node_at(by));
  } else if (const auto* version = std::get_if<io::VersionOverwritten>(&event)) {
    if (world_.node(node_at(by)).volume().kept().contains({version->repair, version->file})) {
      repairable_.insert(version->file);
    }
  } else if (const auto* mismatch = std::get_if<io::MismatchFound>(&event)) {
    if (mismatch->kind == MismatchKind::unreadable_there) repairable_.insert(mismatch->file);
  }
}

void LosersDataIsKept::check_repair(NodeId node, const Operation& effect) const {
  if (effect.kind != OperationKind::fill || history_.replica(node).resyncing || repairable_.contains(effect.file))
    return;
  throw Violation("I17", std::string(to_string(node)) + " overwrites its version of " + to_string(effect.file) +
                             " in a repair, before that is kept aside");
}

void LosersDataIsKept::acknowledged(const io::RequestAcknowledged& event) {
  if (beginnings_ != history_.beginnings()) {
    beginnings_ = history_.beginnings();
    promised_.clear();
  }
  const auto entry = history_.find(event.request);
  if (entry && *entry < history_.guaranteed) promised_.push_back(event.request);
}

// The history has just been continued from the tree of the node that was forced.
void LosersDataIsKept::forced() {
  if (forced_ == history_.forced_beginnings()) return;
  forced_ = history_.forced_beginnings();
  Loser& winner = losers_[index_of(history_.owner())];
  winner = {false, {}, false, {}, std::move(winner.kept), {}};
  const NodeId peer = other(history_.owner());
  Loser& loser = losers_[index_of(peer)];
  // Who takes over in isolation with all that there is leaves nothing behind on a node that has only ever copied.
  const bool everything = alone_.began_with_everything(history_.branch_epoch()).has_value();
  if (everything && !loser.diverged && !has_written_[index_of(peer)]) {
    loser.judged = true;
    loser.kept_before = world_.node(peer).volume().kept();
  }
  loser.diverged = true;
  loser.forced_tree = history_.tip();
}

void LosersDataIsKept::resync_begins(NodeId node, const io::ResyncBegan& event) {
  for (const RequestId request : promised_) {
    if (beginnings_ != history_.beginnings() || history_.find(request)) continue;
    throw Violation("I17", "a resync overwrites " + std::string(to_string(node)) + " with a history without request " +
                               std::to_string(request.value) + ", which was acknowledged");
  }
  Loser& loser = losers_[index_of(node)];
  if (!loser.diverged) return;
  if (!loser.judged) judge(node);
  settle(node);
  // Whatever has happened to it since an earlier attempt was no resync's doing.
  std::erase_if(loser.owed, [&](const auto& owed) { return !has_name(node, owed.first); });
  for (auto& [id, state] : loser.owed) state = *tree(node).find(id);
  const Model primary = history_.tree_after(history_.count_up_to(event.lsn));
  std::erase_if(loser.owed, [&](const auto& owed) { return rotten(owed.first) || holds(primary, owed.second); });
}

void LosersDataIsKept::judge(NodeId node) {
  Loser& loser = losers_[index_of(node)];
  loser.judged = true;
  loser.kept_before = world_.node(node).volume().kept();
  for (const auto& [number, inode] : tree(node).inodes()) {
    const bool of_no_use =
        inode.names == 0 || inode.id == FileId::none() || inode.id == FileId::root() || inode.id == FileId::staging();
    if (!of_no_use && !holds(loser.forced_tree, inode)) loser.owed.emplace(inode.id, inode);
  }
}

void LosersDataIsKept::check_kept_once(NodeId node) const {
  std::set<FileId> once;
  for (const auto& [key, state] : world_.node(node).volume().kept()) {
    if (losers_[index_of(node)].kept_before.contains(key) || once.insert(key.second).second) continue;
    throw Violation("I17", std::string(to_string(node)) + " has kept " + to_string(key.second) + " twice");
  }
}

void LosersDataIsKept::settle(NodeId node) {
  Loser& loser = losers_[index_of(node)];
  std::erase_if(loser.owed, [&](const auto& owed) {
    if (!kept(node, owed.first, owed.second)) return false;
    loser.kept.insert_or_assign(owed.first, owed.second);
    return true;
  });
}

void LosersDataIsKept::applied(NodeId node, std::uint64_t /*sequence*/, const Operation& effect, io::Origin origin,
                               bool /*replicated*/) {
  if (origin == io::Origin::stream) check_repair(node, effect);
  Loser& loser = losers_[index_of(node)];
  if (origin == io::Origin::application) {
    // What its application had asked for before it was ended belongs to the lost history, too.
    const Inode* present = tree(node).find(effect.file);
    if (present != nullptr && loser.owed.contains(effect.file)) loser.owed.insert_or_assign(effect.file, *present);
    std::erase_if(loser.owed, [&](const auto& owed) { return !has_name(node, owed.first); });
  }
  if (loser.owed.empty() || origin != io::Origin::stream) return;
  settle(node);
  for (const auto& [id, state] : loser.owed) {
    const Inode* present = tree(node).find(id);
    const bool there = present != nullptr && present->names > 0;
    if (there && (id != effect.file || same(*present, state))) continue;
    throw Violation("I17", std::string(to_string(node)) + (there ? " changes " : " removes ") + to_string(id) + " (" +
                               describe(effect) + "), which only it may have as it was, before that is kept aside");
  }
}

void LosersDataIsKept::resync_ends(NodeId node) {
  Loser& loser = losers_[index_of(node)];
  has_written_[index_of(node)] = false;
  if (!loser.diverged || !loser.judged) return;
  settle(node);
  check_kept_once(node);
  for (const auto& [id, state] : loser.owed) {
    const Inode* present = tree(node).find(id);
    if (present != nullptr && present->names > 0 && same(*present, state)) continue;
    throw Violation("I17", std::string(to_string(node)) + " has ended its resync, and what only it had of " +
                               to_string(id) + " is nowhere");
  }
  loser = {false, {}, false, {}, std::move(loser.kept), {}};
}

void LosersDataIsKept::disk_exchanged(Place place) {
  if (is_node(place)) losers_[index_of(place)] = {};
}

void LosersDataIsKept::at_rest() {
  for (const NodeId node : every_node) {
    for (const auto& [id, state] : losers_[index_of(node)].kept) {
      if (kept(node, id, state)) continue;
      throw Violation("I17", "what was kept aside of " + to_string(id) + " on " + std::string(to_string(node)) +
                                 " is there no more");
    }
  }
}

}  // namespace lockstep::sim

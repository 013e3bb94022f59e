#include "sim/checkers/history.h"

#include "sim/violation.h"

namespace lockstep::sim {

namespace {

bool same_attributes(const Attributes& a, const Attributes& b) {
  const auto differs = [&](std::uint32_t bit, auto field) { return (a.mask & bit) != 0 && a.*field != b.*field; };
  return a.mask == b.mask && !differs(attribute_mode, &Attributes::mode) && !differs(attribute_uid, &Attributes::uid) &&
         !differs(attribute_gid, &Attributes::gid) && !differs(attribute_size, &Attributes::size_bytes) &&
         !differs(attribute_atime, &Attributes::atime_ns) && !differs(attribute_mtime, &Attributes::mtime_ns);
}

bool changes_no_tree(OperationKind kind) { return kind == OperationKind::sync || kind == OperationKind::filled; }

std::string at(const HistoryEntry& entry) {
  return std::to_string(entry.epoch.value) + ":" + std::to_string(entry.lsn.value) + " " + describe(entry.operation);
}

}  // namespace

bool same_operation(const Operation& a, const Operation& b) {
  return a.kind == b.kind && a.flags == b.flags && a.file == b.file && a.parent == b.parent &&
         a.new_parent == b.new_parent && a.name == b.name && a.new_name == b.new_name && a.offset == b.offset &&
         a.length == b.length && a.parent_mtime_ns == b.parent_mtime_ns &&
         a.new_parent_mtime_ns == b.new_parent_mtime_ns && same_attributes(a.attributes, b.attributes) &&
         a.data == b.data;
}

std::optional<std::size_t> History::find(RequestId request) const {
  const auto found = by_request_.find(request);
  return found == by_request_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t History::count_up_to(Lsn lsn) const {
  std::size_t count = entries_.size();
  while (count > 0 && entries_[count - 1].lsn > lsn) --count;
  return count;
}

Model History::tree_after(std::size_t count) const {
  Model model = base_;
  for (std::size_t i = 0; i < count; ++i) model.apply(entries_[i].operation);
  return model;
}

void History::append(HistoryEntry entry) {
  if (const std::string problem = tip_.apply(entry.operation); !problem.empty()) {
    throw Violation("I4", "ordered operation " + at(entry) + " does not follow from the ones before: " + problem);
  }
  if (entry.request.value != 0) by_request_[entry.request] = entries_.size();
  entries_.push_back(std::move(entry));
}

void History::order(NodeId node, const io::OperationOrdered& ordered) {
  const bool of_request = ordered.request.value != 0;
  auto& unordered = unordered_[index_of(node)];
  HistoryEntry entry{ordered.epoch, ordered.lsn, ordered.request, *ordered.operation, {}, false};
  if (of_request && !changes_no_tree(ordered.operation->kind)) {
    const bool next = !unordered.empty() && same_operation(unordered.front().effect, *ordered.operation);
    // Of a primary that was replaced, what it had applied is forgotten where a new history began.
    if (!next && owner_ == node) {
      throw Violation(
          "I4", std::string(to_string(node)) + " orders " + at(entry) + " in another order than its volume applied it");
    }
    if (next) {
      entry.sequence[index_of(node)] = unordered.front().sequence;
      unordered.pop_front();
    }
  }
  // An old primary may still number what its volume did; nobody may acknowledge that.
  if (!owner_ || node != *owner_ || owner_left_behind_ || ordered.epoch < last_epoch_) return;
  last_epoch_ = ordered.epoch;
  append(std::move(entry));
}

void History::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  const NodeId node = node_at(by);
  if (const auto* ordered = std::get_if<io::OperationOrdered>(&event)) {
    order(node, *ordered);
  } else if (const auto* began = std::get_if<io::ResyncBegan>(&event)) {
    Replica& here = replica(node);
    here.following = false;
    here.resyncing = true;
    here.resyncing_since = beginnings_;
    here.resyncing_in = branch_epoch_;
    unordered_[index_of(node)].clear();
    if (began->whole) rotten_[index_of(node)].clear();  // every byte is compared
    rot_to_copy_[index_of(node)] = rotten(other(node));
  } else if (const auto* ended = std::get_if<io::ResyncEnded>(&event)) {
    // With a primary of which it does not know that it lost its history, or began a new reign, with numbers of its own;
    // and that will not hear of this.
    if (replica(node).resyncing_since != beginnings_ || replica(node).resyncing_in != branch_epoch_) return;
    // With a tree that had rotted when it was read; a write over it may be on its way.
    rotten_[index_of(node)].add(rot_to_copy_[index_of(node)]);
    ever_rotten_[index_of(node)].add(rot_to_copy_[index_of(node)]);
    const auto position = position_of(node, count_up_to(ended->lsn), false);
    if (!position) {
      // Which difference: against the tree where the resync says that it ended.
      throw Violation("I11", std::string(to_string(node)) + " ended its resync at " + std::to_string(ended->lsn.value) +
                                 " but its tree is not the primary's of then or later; against the newest: " +
                                 difference(tip_, world_.node(node).volume().filesystem(), rotten(node)));
    }
    replica(node) = {true, position->most, position->least, position->least, false, false, false, {}, 0, {}};
  }
}

void History::applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
                      bool replicated) {
  rotten_[index_of(node)].remove_written(effect);
  if (origin == io::Origin::application) {
    if (replicated) unordered_[index_of(node)].push_back({sequence, effect});
    return;
  }
  if (!replica(node).resyncing) follow(node, sequence, effect);
}

// Deviations are held against the replica when it reports the operation: what arrives late from a primary that has
// been replaced meanwhile may well be applied, to a tree that has to be brought up to date anyway.
void History::follow(NodeId node, std::uint64_t sequence, const Operation& effect) {
  Replica& here = replica(node);
  if (!here.following) return;
  while (here.position < entries_.size() && changes_no_tree(entries_[here.position].operation.kind)) ++here.position;
  std::size_t next = here.position_least;
  while (next < entries_.size() && next < here.position && !same_operation(entries_[next].operation, effect)) ++next;
  const bool ordered = next < entries_.size();
  if (!ordered || !same_operation(entries_[next].operation, effect)) {
    here.following = false;
    here.why_not = "applied " + describe(effect) + (ordered ? " where the stream has " + at(entries_[next]) : "");
    return;
  }
  // Where the position is not known exactly, equal operations that change nothing may stand there: it may be any.
  std::size_t last = std::min(here.position, entries_.size() - 1);
  while (last > next && !same_operation(entries_[last].operation, effect)) --last;
  entries_[next].sequence[index_of(node)] = sequence;
  entries_[last].sequence[index_of(node)] = sequence;
  here.position_least = next + 1;
  here.position = std::max(here.position, last + 1);
}

void History::stopped(Place place, bool power_lost) {
  if (!is_node(place) || !power_lost) return;
  Replica& here = replica(node_at(place));
  here.following = false;
  here.power_lost = true;
  here.sync_failed = false;  // what it reads from now on is what its disk has
  here.why_not = "lost power";
  // What was written over them may not have been on the disk yet.
  rotten_[index_of(node_at(place))] = ever_rotten_[index_of(node_at(place))];
}

void History::delivering(Place to, const io::Event& event) {
  const auto* synced = std::get_if<io::Synced>(&event);
  if (synced != nullptr && synced->error != 0 && is_node(to)) replica(node_at(to)).sync_failed = true;
}

void History::rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) {
  rotten_[index_of(node)].add(file, offset, length);
  ever_rotten_[index_of(node)].add(file, offset, length);
  rot_to_copy_[index_of(other(node))].add(file, offset, length);
}

void History::owns(NodeId node) {
  const bool sync_failed = replica(node).sync_failed;
  owner_ = node;
  owner_left_behind_ = false;
  replica(node) = {};
  replica(node).sync_failed = sync_failed;
}

std::optional<History::Position> History::position_of(NodeId node, std::size_t least, bool with_unordered) {
  const Filesystem& volume = world_.node(node).volume().filesystem();
  if (least == entries_.size() && !with_unordered) {
    return difference(tip_, volume, rotten(node)).empty() ? std::optional(Position{least, least}) : std::nullopt;
  }
  Model model = tree_after(least);
  std::size_t position = least;
  while (!difference(model, volume, rotten(node)).empty()) {
    if (position == entries_.size()) {
      if (!with_unordered) return std::nullopt;
      auto& unordered = unordered_[index_of(node)];
      if (unordered.empty()) return std::nullopt;
      if (!model.apply(unordered.front().effect).empty()) return std::nullopt;
      HistoryEntry entry{last_epoch_, Lsn{}, RequestId{}, std::move(unordered.front().effect), {}, false};
      unordered.pop_front();
      append(std::move(entry));
    } else {
      model.apply(entries_[position].operation);
    }
    ++position;
  }
  const std::size_t found = position;
  while (position < entries_.size()) {
    model.apply(entries_[position].operation);
    if (!difference(model, volume, rotten(node)).empty()) break;
    ++position;
  }
  return Position{found, position};
}

void History::promise_all_on_disk(std::size_t count) {
  base_on_disk_ = true;
  for (std::size_t i = 0; i < count; ++i) promise_on_disk(i);
}

void History::give_up() {
  ++beginnings_;
  base_on_disk_ = false;
  file_synced.clear();
  for (HistoryEntry& entry : entries_) entry.on_disk = false;
}

void History::begin_anew(NodeId node, Epoch epoch, bool on_disk) {
  branch_epoch_ = epoch;
  last_epoch_ = epoch;
  base_on_disk_ = on_disk;
  ++beginnings_;
  // What has rotted here is what everything is held against from now on; the other node need not have it.
  rotten_[index_of(other(node))].add(rotten(node));
  ever_rotten_[index_of(other(node))].add(rotten(node));
  rotten_[index_of(node)].clear();
  base_ = import_tree(world_.node(node).volume().filesystem());
  tip_ = base_;
  entries_.clear();
  by_request_.clear();
  file_synced.clear();
  guaranteed = 0;
  for (auto& unordered : unordered_) unordered.clear();
  owns(node);
  replica(other(node)).following = false;
  replica(other(node)).why_not = "holds what was lost with the power of the other node";
}

void History::continue_from(NodeId node, Position range, Epoch epoch) {
  const std::size_t position = range.most;
  branch_epoch_ = epoch;
  last_epoch_ = epoch;
  const NodeId peer = other(node);
  Replica& replaced = replica(peer);
  if (owner_ == peer) {
    // A primary that ended cleanly holds what its successor holds, and nothing else. (The last operations may have left
    // no trace, as a name that was given and taken away: then the position is another, and the tree is the same.)
    const Filesystem& volume = world_.node(peer).volume().filesystem();
    const bool same_tree =
        entries_.size() == position || difference(tree_after(position), volume, rotten(peer)).empty();
    const bool clean = unordered_[index_of(peer)].empty() && same_tree && !replaced.power_lost && !replaced.sync_failed;
    replaced = {clean,
                position,
                range.least,
                0,
                replaced.resyncing,
                replaced.power_lost,
                replaced.sync_failed,
                "was replaced as the primary",
                replaced.resyncing_since,
                replaced.resyncing_in};
  } else if (replaced.following && replaced.position_least > position) {
    replaced.following = false;
    replaced.why_not = "holds what the new primary has not";
  }
  if (position < entries_.size()) {
    for (std::size_t i = position; i < entries_.size(); ++i) by_request_.erase(entries_[i].request);
    entries_.resize(position);
    tip_ = base_;
    for (const HistoryEntry& entry : entries_) tip_.apply(entry.operation);
  }
  guaranteed = std::min(guaranteed, position);
  for (auto& [file, count] : file_synced) count = std::min(count, position);
  unordered_[index_of(node)].clear();
  owns(node);
}

std::set<FileId> History::touched(NodeId node, std::size_t from, bool unless_on_disk) const {
  std::set<FileId> ids;
  const auto add = [&](const Operation& operation) {
    ids.insert({operation.file, operation.parent, operation.new_parent});
  };
  for (std::size_t i = from; i < entries_.size(); ++i) {
    if (changes_no_tree(entries_[i].operation.kind) || (unless_on_disk && entries_[i].on_disk)) continue;
    add(entries_[i].operation);
  }
  // What was ordered is in the tip. A rename that was not may have taken a name from an object that still is.
  Model model = tip_;
  for (const Unordered& unordered : unordered_[index_of(node)]) {
    add(unordered.effect);
    if (const auto replaced = model.named(unordered.effect.new_parent, unordered.effect.new_name))
      ids.insert(*replaced);
    model.apply(unordered.effect);
  }
  return ids;
}

}  // namespace lockstep::sim

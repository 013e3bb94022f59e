#include "sim/checkers/i07_nothing_uncovered.h"

#include "engine/cluster/journal_record.h"
#include "engine/marks.h"
#include "engine/resync/touched_set.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lockstep::sim {

using engine::Touch;
using engine::TouchKind;

std::optional<NothingUncovered::Union> NothingUncovered::relied_on() const {
  std::array<engine::CommonGround, 2> grounds;
  Union result;
  for (const NodeId node : every_node) {
    const auto record = engine::decode_journal(world_.node(node).journal().durable());
    const io::LoggedTouches& log = world_.node(node).touches().durable();
    const auto touches = engine::decode_touches(log.records);
    if (!record || !log.readable || !touches || exchanged_[index_of(node)]) return std::nullopt;
    const bool own = record->owner == static_cast<VoterId>(node) &&
                     (record->tree == 0 || record->tree == world_.node(node).volume().tree());
    if (!own) return std::nullopt;
    grounds[index_of(node)] = record->ground;
    result.touches.insert(touches->begin(), touches->end());
  }
  if (!cover_together(grounds[0], grounds[1])) return std::nullopt;
  result.young_from = young_from(grounds[0], grounds[1]);
  return result;
}

const std::optional<NothingUncovered::Union>& NothingUncovered::both() {
  if (!known_) union_ = relied_on();
  known_ = true;
  return union_;
}

const Inode* NothingUncovered::find(NodeId node, FileId id) const {
  const Inode* inode = tree(node).find(id);
  return inode != nullptr && inode->names > 0 ? inode : nullptr;
}

bool NothingUncovered::listed(FileId id, TouchKind kind, std::uint64_t offset) {
  return both()->touches.contains(Touch{id, kind, offset});
}

bool NothingUncovered::listed_at_all(FileId id) {
  const auto found = both()->touches.lower_bound(Touch{id, TouchKind::attributes, 0});
  return found != both()->touches.end() && found->file == id;
}

const NothingUncovered::Reached& NothingUncovered::reached() {
  if (reached_) return *reached_;
  reached_.emplace();
  for (const NodeId node : every_node) {
    std::set<InodeNumber>& here = (*reached_)[index_of(node)];
    std::vector<InodeNumber> directories{Filesystem::staging_number};  // a resync looks there in any case
    for (const Touch& touch : both()->touches) {
      const Inode* inode = touch.kind == TouchKind::names ? find(node, touch.file) : nullptr;
      if (inode != nullptr && inode->is_directory()) directories.push_back(*tree(node).number_of(touch.file));
    }
    while (!directories.empty()) {
      const Inode& directory = tree(node).inode(directories.back());
      directories.pop_back();
      for (const auto& [name, number] : directory.entries) {
        if (!here.insert(number).second) continue;
        const Inode& child = tree(node).inode(number);
        const bool young = child.id == FileId::none() || is_young(child.id, both()->young_from);
        if (child.is_directory() && young) directories.push_back(number);
      }
    }
  }
  return *reached_;
}

bool NothingUncovered::covered_as_young(FileId id) {
  if (!is_young(id, both()->young_from)) return false;
  return std::all_of(every_node.begin(), every_node.end(), [&](NodeId node) {
    return find(node, id) == nullptr || reached()[index_of(node)].contains(*tree(node).number_of(id));
  });
}

std::string NothingUncovered::uncovered_bytes(const Inode& a, const Inode& b) {
  const std::uint64_t region_bytes = world_.node(NodeId::first).settings().touch_region_bytes;
  static const Content::Page zeros{};
  const std::size_t pages = std::max(a.content.pages(), b.content.pages());
  for (std::size_t i = 0; i < pages; ++i) {
    const auto of_a = a.content.page(i);
    const auto of_b = b.content.page(i);
    if (of_a == of_b) continue;
    if (std::memcmp(of_a ? of_a->data() : zeros.data(), of_b ? of_b->data() : zeros.data(), zeros.size()) == 0)
      continue;
    const std::uint64_t at = i * Content::page_bytes;
    if (ever_rotten_.touch(a.id, at, Content::page_bytes)) continue;
    const auto onward = both()->touches.lower_bound(Touch{a.id, TouchKind::onward, 0});
    const bool from_before = onward != both()->touches.end() && onward->file == a.id && onward->offset <= at;
    if (!from_before && !listed(a.id, TouchKind::region, at - at % region_bytes)) {
      return "file " + to_string(a.id) + " differs at " + std::to_string(at);
    }
  }
  return {};
}

std::string NothingUncovered::uncovered(FileId id) {
  const Inode* a = find(NodeId::first, id);
  const Inode* b = find(NodeId::second, id);
  if (a == nullptr && b == nullptr) return {};
  const std::string who = to_string(id);
  if (a == nullptr || b == nullptr) {
    // The names that lead to it are looked at where they are; what a directory holds has to be known as well.
    const Inode& there = a == nullptr ? *b : *a;
    if (there.entries.empty() || listed(id, TouchKind::names)) return {};
    return "directory " + who + " is on one node only";
  }
  const Attributes& x = a->attributes;
  const Attributes& y = b->attributes;
  const bool differs = x.mode != y.mode || x.uid != y.uid || x.gid != y.gid || x.mtime_ns != y.mtime_ns ||
                       a->xattrs != b->xattrs || a->target != b->target || a->content.size() != b->content.size();
  if (differs && !listed_at_all(id)) return "the attributes of " + who + " differ";
  if (std::string text = uncovered_bytes(*a, *b); !text.empty()) return text;
  if (listed(id, TouchKind::names)) return {};
  const auto names = [&](NodeId node, const Inode& inode) {
    std::map<std::string, FileId> found;
    for (const auto& [name, number] : inode.entries) found[name] = tree(node).inode(number).id;
    return found;
  };
  if (a->is_directory() && names(NodeId::first, *a) != names(NodeId::second, *b)) {
    return "the names in directory " + who + " differ";
  }
  return {};
}

void NothingUncovered::check_object(FileId id, const std::string& when) {
  if (id == FileId::none() || id == FileId::staging()) return;
  if (const std::string text = uncovered(id); !text.empty() && !covered_as_young(id)) {
    throw Violation("I7", when + ": " + text + ", and neither node has listed it");
  }
}

void NothingUncovered::check_whole(const std::string& when, bool relied_upon) {
  if (relied_upon) exchanged_ = {};
  known_ = false;
  reached_.reset();
  if (!both()) return;
  for (const NodeId node : every_node) {
    for (const auto& [number, inode] : tree(node).inodes()) {
      if (inode.names > 0) check_object(inode.id, when);
    }
  }
}

void NothingUncovered::stopped(Place place, bool power_lost) {
  if (!is_node(place)) return;
  check_whole(std::string(to_string(place)) + (power_lost ? " lost power" : " ended"));
}

void NothingUncovered::touches_durable(NodeId node) {
  const std::size_t bytes = world_.node(node).touches().durable().records.size();
  const bool shorter = bytes < std::exchange(listed_bytes_[index_of(node)], bytes);
  known_ = false;
  reached_.reset();
  if (!shorter) return;  // what was covered still is
  check_whole("the list of " + std::string(to_string(node)) + " has changed on its disk");
}

void NothingUncovered::journal_durable(Place place, const Buffer& record) {
  if (!is_node(place)) return;
  const auto decoded = engine::decode_journal(record);
  if (!decoded || decoded->ground == grounds_[index_of(place)]) return;
  grounds_[index_of(place)] = decoded->ground;
  exchanged_[index_of(place)] = false;
  check_whole("what " + std::string(to_string(place)) + " knows of the other node has changed on its disk");
}

void NothingUncovered::disk_exchanged(Place place) {
  if (!is_node(place)) return;
  exchanged_[index_of(place)] = true;
  known_ = false;
  const auto record = world_.record_of(place);
  grounds_[index_of(place)] = record ? record->ground : engine::CommonGround{};
}

void NothingUncovered::applied(NodeId node, std::uint64_t /*sequence*/, const Operation& effect, io::Origin origin,
                               bool /*replicated*/) {
  reached_.reset();
  if (origin != io::Origin::application || !both()) return;
  const std::string when = std::string(to_string(node)) + " has applied an operation";
  for (const FileId& id : {effect.file, effect.parent, effect.new_parent}) {
    // Whether what is young is reached is looked at when everything is.
    if (!is_young(id, both()->young_from)) check_object(id, when);
  }
}

void NothingUncovered::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  if (const auto* began = std::get_if<io::ResyncBegan>(&event)) {
    check_whole("a resync of " + std::string(to_string(by)) + " begins", !began->whole);
  } else if (const auto* mark = std::get_if<io::Mark>(&event)) {
    if (mark->number == static_cast<std::uint16_t>(engine::Mark::partial_plan_misfit)) {
      throw Violation("I7", "the parts of two trees that " + std::string(to_string(by)) + " compares do not fit");
    }
  } else if (const auto* change = std::get_if<io::RoleChanged>(&event)) {
    if (change->event == "StreamResumed") check_resumption(node_at(by));
  }
}

void NothingUncovered::check_resumption(NodeId node) {
  const std::string who = std::string(to_string(node)) + " resumes the stream without a resync, but ";
  // Handed over, and resumed before the successor has begun to write: the two must be equal, but for what has rotted.
  if (history_.begun() && history_.owner() == node) {
    Ranges rotten = history_.rotten(node);
    rotten.add(history_.rotten(other(node)));
    return compare(import_tree(tree(other(node))), node, rotten, who);
  }
  const History::Replica& here = history_.replica(node);
  if (!here.following) throw Violation("I7", who + "its tree is none of the history's: it " + here.why_not);
  if (here.position_least < history_.entries().size()) return;
  compare(history_.tip(), node, history_.rotten(node), who);
}

void NothingUncovered::compare(const Model& with, NodeId node, const Ranges& rotten, const std::string& who) const {
  const std::string text = difference(with, tree(node), rotten);
  if (!text.empty()) throw Violation("I7", who + "differs: " + text);
}

}  // namespace lockstep::sim

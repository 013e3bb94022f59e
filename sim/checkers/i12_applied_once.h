// I12: a retried request is applied once.
//
// Checks that a request is given one place in the stream, however often connections break and primaries change, and
// that a replica reports every place of the stream once: what is sent again after a connection broke is not applied
// again. A resync, and a process that ends, begin the count anew, since the tree is compared as a whole then. A request
// whose caller outlived the process comes again, and may be applied again where that gives the same; but it is never
// told that it fails because of what it has done itself.
//
// Does not check that the volume did what the replica reports: History follows every operation of the volume.
#pragma once

#include "sim/world/world.h"

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

namespace lockstep::sim {

class AppliedOnce : public Observer {
 public:
  explicit AppliedOnce(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override {
    if (!is_node(by)) return;
    std::set<std::pair<Epoch, Lsn>>& replicated = replicated_[index_of(by)];
    if (const auto* ordered = std::get_if<io::OperationOrdered>(&event)) {
      if (ordered->request.value == 0) return;
      changed_something_.insert(ordered->request);
      const bool first = ordered_.emplace(ordered->request, may_repeat(node_at(by), *ordered->operation)).second;
      // A sync changes nothing, and confirms what an earlier life has applied.
      if (first || ordered->operation->kind == OperationKind::sync) return;
      throw Violation("I12", std::string(to_string(by)) + " orders request " + std::to_string(ordered->request.value) +
                                 " a second time, at " + at(ordered->epoch, ordered->lsn));
    } else if (const auto* applied = std::get_if<io::OperationReplicated>(&event)) {
      if (replicated.emplace(applied->epoch, applied->lsn).second) return;
      throw Violation("I12",
                      std::string(to_string(by)) + " applies " + at(applied->epoch, applied->lsn) + " a second time");
    } else if (std::holds_alternative<io::ResyncBegan>(event)) {
      replicated.clear();
    }
  }
  void replied(NodeId node, RequestId request, const io::Reply& reply) override {
    const bool by_itself = reply.error == EEXIST || reply.error == ENOENT || reply.error == ENODATA;
    if (changed_something_.erase(request) == 0 || !by_itself) return;
    throw Violation("I12", std::string(to_string(node)) + " fails request " + std::to_string(request.value) +
                               " (errno " + std::to_string(reply.error) + ") because of what it has done before");
  }
  void stopped(Place place, bool /*power_lost*/) override {
    if (!is_node(place)) return;
    replicated_[index_of(place)].clear();
    const SimMount& mount = world_.node(node_at(place)).mount();
    if (!mount.is_held()) return;
    std::erase_if(ordered_, [&](const auto& ordered) { return ordered.second && mount.waits(ordered.first); });
  }

 private:
  /// Done twice, it gives the same; a rename is done twice only between two names of one file.
  [[nodiscard]] bool may_repeat(NodeId node, const Operation& operation) const {
    if (operation.kind != OperationKind::rename) return !changes_namespace(operation.kind);
    if ((operation.flags & flag_exchange) == 0) return true;
    Operation exchanged = operation;
    exchanged.parent = operation.new_parent;
    exchanged.name = operation.new_name;
    const Filesystem& tree = world_.node(node).volume().filesystem();
    const std::optional<FileId> one = tree.named_by(operation);
    return one && one == tree.named_by(exchanged);
  }
  static std::string at(Epoch epoch, Lsn lsn) { return std::to_string(epoch.value) + ":" + std::to_string(lsn.value); }

  World& world_;
  std::map<RequestId, bool> ordered_;      ///< and whether it may be again, by a later life
  std::set<RequestId> changed_something_;  ///< and is not answered yet
  std::array<std::set<std::pair<Epoch, Lsn>>, 2> replicated_;
};

}  // namespace lockstep::sim

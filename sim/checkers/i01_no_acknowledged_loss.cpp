#include "sim/checkers/i01_no_acknowledged_loss.h"

#include "engine/cluster/forced_election.h"

#include <utility>

namespace lockstep::sim {

void NoAcknowledgedLoss::delivering(Place to, const io::Event& event) {
  if (!is_node(to)) return;
  if (std::holds_alternative<io::MountClosed>(event)) checked_[index_of(to)] = false;
  const auto* given = std::get_if<io::CommandGiven>(&event);
  if (given != nullptr && given->command.verb == io::Verb::prim && given->command.force) force_commanded_ = true;
}

bool NoAcknowledgedLoss::begins_by_force(Epoch epoch) {
  const std::uint64_t before = engine::forced_series(std::exchange(written_in_, epoch));
  const std::uint64_t series = engine::forced_series(epoch);
  if (series == before) return false;
  // Both were forced, and the later one has not heard of this one, or its numbers would be above.
  if (series > before && (forced_.contains(series) || alone_.began_alone(epoch))) return true;
  if (!std::exchange(force_commanded_, false)) return false;
  forced_.insert(series);
  return true;
}

void NoAcknowledgedLoss::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) checked_[index_of(place)] = false;
}

void NoAcknowledgedLoss::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  if (const auto* decided = std::get_if<io::ConfigurationDecided>(&event)) {
    const Configuration& configuration = decided->configuration;
    const bool news = decided_.emplace(configuration.epoch, configuration).second;
    if (news && configuration.members != Members::both()) joiner_holds_less_ = false;
  } else if (const auto* change = std::get_if<io::RoleChanged>(&event)) {
    // A primary whose mount is closed may become writable once more before it steps down.
    if (change->to == "Promoting") checked_[index_of(by)] = false;
  } else if (const auto* writable = std::get_if<io::WritableChanged>(&event)) {
    if (writable->writable) became_writable(node_at(by), writable->epoch);
  } else if (const auto* acknowledgement = std::get_if<io::RequestAcknowledged>(&event)) {
    acknowledged(node_at(by), *acknowledgement);
  } else if (std::holds_alternative<io::ResyncEnded>(event)) {
    joiner_holds_less_ = true;
  }
}

void NoAcknowledgedLoss::became_writable(NodeId node, Epoch epoch) {
  if (alone_.apart(node)) return history_.leave_behind(node);
  const bool checked = checked_[index_of(node)] || epoch == written_in_;
  const bool same_reign = history_.begun() && history_.owner() == node && checked;
  if (same_reign) return;
  checked_[index_of(node)] = true;
  const bool everything = took_over_with_everything(epoch);
  const bool forced = begins_by_force(epoch);
  world_.node(node).volume().identify_all();
  if (!history_.begun()) {
    history_.begin_anew(node, epoch, true);
    return;
  }
  if (forced) {
    // An administrator, or the settings for isolation, gave up what only the other node has.
    const bool beside = history_.owner() != node && alone_.apart(other(node));
    if (everything) {
      continue_promised(node, epoch);
    } else if (const auto position = history_.position_of(node, 0, true)) {
      history_.give_up();
      history_.continue_from(node, *position, epoch);
    } else {
      history_.begin_anew(node, epoch, false);
    }
    history_.begun_by_force();
    if (beside) history_.leave_behind(other(node));
    return;
  }
  continue_promised(node, epoch);
}

// Who takes over in isolation and knows of every decision has all that was acknowledged, unless somebody forced it.
bool NoAcknowledgedLoss::took_over_with_everything(Epoch epoch) const {
  const auto began = alone_.began_with_everything(epoch);
  return began && began->elected == epoch && !force_commanded_ &&
         engine::forced_series(began->known) == engine::forced_series(written_in_);
}

void NoAcknowledgedLoss::continue_promised(NodeId node, Epoch epoch) {
  if (may_lack_what_was_not_synced(node, epoch)) {
    check_what_was_synced(node);
    history_.begin_anew(node, epoch, true);
    return;
  }
  const auto position = history_.position_of(node, history_.guaranteed, true);
  if (!position) {
    throw Violation("I1",
                    std::string(to_string(node)) + " becomes writable in epoch " + std::to_string(epoch.value) +
                        " with a tree that is not the history's after the last of the " +
                        std::to_string(history_.guaranteed) + " acknowledged of " +
                        std::to_string(history_.entries().size()) + " operations, or later; against the newest: " +
                        difference(history_.tip(), world_.node(node).volume().filesystem(), history_.rotten(node)));
  }
  history_.continue_from(node, *position, epoch);
}

// What was acknowledged but not synced may be gone only if every member of the last configuration lost power (or, but
// for this node, found that its disk does not keep what it is given). In mode durable nothing is acknowledged that is
// not synced, so any member may go on with what it has on disk.
bool NoAcknowledgedLoss::may_lack_what_was_not_synced(NodeId node, Epoch epoch) {
  if (!history_.replica(node).power_lost) return false;
  if (world_.mix().durability == engine::Durability::durable) return true;
  const std::optional<Configuration> before = register_.before(epoch);
  const NodeId peer = other(node);
  const History::Replica& there = history_.replica(peer);
  return !before || !before->members.contains(peer) || there.power_lost || there.sync_failed;
}

void NoAcknowledgedLoss::check_what_was_synced(NodeId node) {
  const Filesystem& volume = world_.node(node).volume().filesystem();
  const std::set<FileId> touched = history_.touched(node, 0, true);
  const auto lost = [&](const std::string& text) {
    throw Violation(
        "I1", std::string(to_string(node)) + " becomes writable after a power loss without what was on disk: " + text);
  };
  for (const auto& [id, object] : history_.tip().objects()) {
    if (touched.contains(id) || !history_.base_on_disk()) continue;
    if (const std::string text = object_difference(id, object, volume, Entries::identities, history_.rotten(node));
        !text.empty())
      lost(text);
  }
  for (const auto& [id, count] : history_.file_synced) {
    const ModelObject* object = history_.tip().find(id);
    if (object == nullptr || volume.find(id) == nullptr || history_.touched(node, count, false).contains(id)) continue;
    // An fsync of a directory keeps its names; what they lead to is another fsync's business.
    if (const std::string text = object_difference(id, *object, volume, Entries::names, history_.rotten(node));
        !text.empty())
      lost(text);
  }
}

void NoAcknowledgedLoss::acknowledged(NodeId node, const io::RequestAcknowledged& event) {
  acknowledged_.insert(event.request);
  if (event.lsn.value == 0 || alone_.apart(node)) return;
  const auto found = history_.find(event.request);
  if (!found || history_.owner() != node) {
    throw Violation("I1", std::string(to_string(node)) + " acknowledges request " +
                              std::to_string(event.request.value) + " (" + std::string(to_string(event.kind)) +
                              "), which is not in the history that goes on");
  }
  const std::size_t count = *found + 1;
  const bool sync = event.kind == OperationKind::sync;
  const engine::Durability durability = world_.mix().durability;
  const auto newest = decided_.empty() ? Configuration{} : decided_.rbegin()->second;
  const bool alone = newest.members == Members::only(node) && !joiner_holds_less_;
  if (durability != engine::Durability::commit || sync || alone) {
    history_.guaranteed = std::max(history_.guaranteed, count);
  }
  const FileId file = history_.entries()[*found].operation.file;
  const bool everything = sync && (durability == engine::Durability::commit || file == FileId::none());
  if (everything) {
    history_.promise_all_on_disk(count);
  } else if (sync) {
    history_.file_synced[file] = count;
  } else if (durability == engine::Durability::durable) {
    history_.promise_on_disk(*found);
  }
}

void NoAcknowledgedLoss::replied(NodeId node, RequestId request, const io::Reply& reply) {
  if (reply.error != 0 || acknowledged_.contains(request)) return;
  throw Violation("I1", std::string(to_string(node)) + " answers request " + std::to_string(request.value) +
                            " with success, but never acknowledged it");
}

}  // namespace lockstep::sim

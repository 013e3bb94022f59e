#include "engine/resync/keeper.h"

#include "engine/planted.h"
#include "engine/resync/conflicting.h"

#include <cerrno>
#include <utility>

namespace lockstep::engine {

namespace {
/// How many objects are copied at once.
constexpr std::size_t in_flight_max = 16;
}  // namespace

void Keeper::choose(const Manifest& mine, const Manifest& theirs, const ComparedPart* part) {
  if (!conflict_) return;
  const std::vector<ManifestObject> chosen = conflicting(mine, theirs, part, context_.mark);
  waiting_.assign(chosen.begin(), chosen.end());
  kept_ = chosen.size();
  finished_ = waiting_.empty();
  if (finished_) context_.mark(Mark::nothing_to_set_aside);
}

bool Keeper::begin() {
  submit();
  return !in_flight_.empty();
}

void Keeper::submit() {
  while (!waiting_.empty() && in_flight_.size() < in_flight_max) {
    const ManifestObject object = std::move(waiting_.front());
    waiting_.pop_front();
    const Ticket ticket = context_.next_ticket();
    in_flight_.emplace(ticket, object.attributes.size_bytes);
    context_.ports.volume.set_aside(ticket, object.id, *conflict_);
  }
}

Keeper::Outcome Keeper::set_aside(const io::SetAside& event) {
  if (left_over_.erase(event.ticket) != 0) {
    context_.mark(Mark::set_aside_too_late);
    return Outcome::none;
  }
  const auto found = in_flight_.find(event.ticket);
  if (found == in_flight_.end()) return Outcome::none;
  if (event.error != 0 && !planted(Bug::set_aside_failure_ignored)) {
    context_.mark(Mark::set_aside_failed);
    const bool no_space = event.error == ENOSPC || event.error == EDQUOT;
    trouble_ = "this node holds changes that the primary has not, and they cannot be kept aside: " +
               std::string(no_space ? "no space" : "its disk refuses") + " (errno " + std::to_string(event.error) +
               "), up to " + std::to_string(bytes_left()) + " bytes are left to copy";
    in_flight_.erase(found);
    return Outcome::failed;
  }
  in_flight_.erase(found);
  submit();
  if (!in_flight_.empty()) return Outcome::progress;
  context_.mark(Mark::set_aside_done);
  finished_ = true;
  context_.note(std::to_string(kept_) + " files and other objects, which the primary may not have as they are here, " +
                "are kept aside: `conflicts` lists them");
  return Outcome::done;
}

std::uint64_t Keeper::bytes_left() const {
  std::uint64_t bytes = 0;
  for (const auto& [ticket, size] : in_flight_) bytes += size;
  for (const ManifestObject& object : waiting_) bytes += object.attributes.size_bytes;
  return bytes;
}

void Keeper::abandon() {
  conflict_.reset();
  finished_ = false;
  waiting_.clear();
  left_over_.merge(in_flight_);
}

}  // namespace lockstep::engine

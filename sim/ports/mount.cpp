#include "sim/ports/mount.h"

#include "engine/values/check.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lockstep::sim {

namespace {
constexpr Time open_max = 20 * one_ms;
constexpr Time slow_open_max = 2 * one_second;  ///< of one opening or closing in 20
constexpr Time request_max = 100 * one_us;

using Name = std::pair<FileId, std::string>;

/// The names, or the attribute of a file, that the kernel lets one request at a time change.
std::vector<Name> names_of(const Operation& operation) {
  if (operation.kind == OperationKind::set_xattr || operation.kind == OperationKind::remove_xattr) {
    return {{operation.file, operation.name}};
  }
  if (!changes_namespace(operation.kind)) return {};
  std::vector<Name> names{{operation.parent, operation.name}};
  if (operation.kind == OperationKind::rename) names.emplace_back(operation.new_parent, operation.new_name);
  return names;
}
}  // namespace

Time SimMount::longest() { return random_.one_in(20) ? slow_open_max : open_max; }

void SimMount::behave() { close_max_ = 0; }

void SimMount::open() {
  LOCKSTEP_CHECK(!open_, "a mount is opened only while it is closed");
  const std::uint64_t generation = ++generation_;
  const Time takes = held_ ? open_max : longest();  // nothing is mounted then
  host_.deliver(host_.now() + random_.between(one_ms, takes), io::MountOpened{}, [this, generation] {
    if (generation != generation_) return false;
    open_ = true;
    held_ = false;
    // The callers of an earlier life are served when the engine has heard that the mount is open.
    host_.at(host_.now(), [this, generation] {
      if (generation == generation_) pass_what_may();
    });
    return true;
  });
}

void SimMount::close() {
  const std::uint64_t generation = ++generation_;
  open_ = held_ = false;
  abort_all();
  host_.deliver(host_.now() + random_.between(0, std::max(longest(), close_max_)), io::MountClosed{},
                [this, generation] { return generation == generation_; });
}

void SimMount::request(RequestId request, const Operation& operation) {
  LOCKSTEP_CHECK(open_ || held_, "requests come through an open mount");
  Asked& asked = outstanding_[request];
  asked.operation = operation;
  if (open_ && !must_wait(request, operation)) pass(request, asked);
}

bool SimMount::must_wait(RequestId request, const Operation& operation) const {
  const std::vector<Name> names = names_of(operation);
  if (names.empty()) return false;
  return std::any_of(outstanding_.begin(), outstanding_.end(), [&](const auto& entry) {
    if (entry.first == request || !entry.second.passed) return false;
    const std::vector<Name> taken = names_of(entry.second.operation);
    return std::find_first_of(names.begin(), names.end(), taken.begin(), taken.end()) != names.end();
  });
}

void SimMount::pass(RequestId request, Asked& asked) {
  asked.passed = true;
  Operation operation = asked.operation;
  if (!asked.delivered && look_) asked.had = look_(operation);
  // What could not take effect the kernel would not ask for: it fails again.
  const bool makes = operation.kind == OperationKind::create || operation.kind == OperationKind::link ||
                     (operation.flags & flag_xattr_create) != 0;
  if (asked.delivered && asked.had.has_value() != makes) {
    operation.flags |= flag_resent;
    if ((operation.flags & flag_exchange) != 0) operation.file = *asked.had;
  }
  host_.deliver(host_.now() + random_.between(1, request_max), io::RequestArrived{request, std::move(operation)},
                [this, request] {
                  const auto found = outstanding_.find(request);
                  if (found != outstanding_.end()) found->second.delivered = true;
                  return found != outstanding_.end() || aborted_.contains(request);
                });
}

// What an engine knows of already goes first: of two requests for one name it was the first.
void SimMount::pass_what_may() {
  for (const bool delivered : {true, false}) {
    for (auto& [request, asked] : outstanding_) {
      if (!asked.passed && asked.delivered == delivered && !must_wait(request, asked.operation)) pass(request, asked);
    }
  }
}

void SimMount::reply(RequestId request, const io::Reply& reply) {
  if (outstanding_.erase(request) == 0) {
    LOCKSTEP_CHECK(aborted_.erase(request) == 1, "a request is answered once");
    return;
  }
  pass_what_may();
  if (user_ != nullptr) user_->replied(request, reply);
}

void SimMount::abort_all() {
  for (const auto& [request, asked] : std::exchange(outstanding_, {})) {
    if (asked.passed) aborted_.insert(request);
    if (user_ == nullptr) continue;
    if (answers_aborted_) {
      user_->replied(request, {});
    } else {
      user_->aborted(request);
    }
  }
}

void SimMount::process_ended(bool kept) {
  ++generation_;
  held_ = kept && (open_ || held_);
  open_ = false;
  if (held_) {
    for (auto& [request, asked] : outstanding_) asked.passed = false;
  } else {
    abort_all();
  }
  aborted_.clear();
}

}  // namespace lockstep::sim

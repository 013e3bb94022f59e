#include "engine/verify/verify_walk.h"

#include "engine/planted.h"

#include <utility>

namespace lockstep::engine {

namespace {
std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}
}  // namespace

void VerifyWalk::begin_with(std::vector<VerifyItem> items) {
  items_ = std::move(items);
  moves_.clear();
  linked_.clear();
  again_.clear();
}

void VerifyWalk::begin_at_root() { begin_with({VerifyItem{.id = FileId::root(), .is_directory = true}}); }

void VerifyWalk::ordered(const Operation& effect) {
  if (lost() || planted(Bug::verify_misses_moved)) return;
  if (effect.kind == OperationKind::link) moves_.push_back({effect.parent, effect.name});
  if (effect.kind != OperationKind::rename) return;
  moves_.push_back({effect.new_parent, effect.new_name});
  if ((effect.flags & flag_exchange) != 0) moves_.push_back({effect.parent, effect.name});
}

VerifyItem* VerifyWalk::next() {
  if (!moves_.empty()) {
    context_.mark(Mark::verify_follows_move);
    Moved move = std::move(moves_.front());
    moves_.pop_front();
    items_.push_back(VerifyItem{
        .id = move.parent, .is_directory = true, .path = "...", .from = std::move(move.name), .single = true});
  }
  return items_.empty() ? nullptr : &items_.back();
}

// What is not remembered for want of room is looked at by each of its names.
bool VerifyWalk::first_come_upon(FileId object) {
  if (linked_.contains(object)) return false;
  if (linked_.size() < context_.settings.verify_moves_max) {
    linked_.emplace(object, Nothing{});
  } else {
    context_.mark(Mark::verify_linked_forgotten);
  }
  return true;
}

// Whether it is looked at already, or will be, by another name.
bool VerifyWalk::looked_at(const VerifyItem& directory, const ManifestObject& object) {
  const bool several = object.links > 1 && !object.attributes.is_directory();
  const bool known = several && !first_come_upon(object.id);
  if (directory.single) {
    const bool again = !again_.emplace(object.id, Nothing{}).second;
    if (again) context_.mark(Mark::verify_moved_again);
    return again;
  }
  if (known) context_.mark(Mark::verify_linked_again);
  return known;
}

void VerifyWalk::descend(const VerifyItem& directory, const Manifest& listing) {
  if (!directory.descends) return;
  const std::string path = directory.path;
  const VerifyItem parent{.id = directory.id, .from = directory.from, .single = directory.single};
  std::map<FileId, const ManifestObject*> objects;
  for (const ManifestObject& object : listing.objects) objects.emplace(object.id, &object);
  for (auto entry = listing.entries.rbegin(); entry != listing.entries.rend(); ++entry) {
    const auto found = objects.find(entry->id);
    if (found == objects.end() || (parent.single && entry->name != parent.from)) continue;
    const ManifestObject& object = *found->second;
    const Attributes& attributes = object.attributes;
    if ((!attributes.is_directory() && !attributes.is_regular()) || looked_at(parent, object)) continue;
    items_.push_back(VerifyItem{.id = object.id,
                                .is_directory = attributes.is_directory(),
                                .path = join(path, entry->name),
                                .bytes = attributes.size_bytes});
  }
}

}  // namespace lockstep::engine

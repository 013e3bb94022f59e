#include "engine/resync/touched_set.h"

#include "engine/planted.h"
#include "engine/wire/archive.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

namespace {
constexpr int regions_ahead = 8;

Buffer encode(const auto& touches) {
  Writer writer;
  for (const Touch& touch : touches) writer(touch);
  return Buffer(std::move(writer.bytes));
}
}  // namespace

std::optional<std::vector<Touch>> decode_touches(const Buffer& bytes) {
  std::vector<Touch> touches;
  Reader reader(bytes);
  while (!reader.at_end()) {
    Touch& touch = touches.emplace_back();
    reader(touch);
    if (reader.failed()) return std::nullopt;
  }
  return touches;
}

bool TouchedSet::load(const io::LoggedTouches& log, bool of_use, std::uint64_t seed) {
  identities_ = seed;
  const auto touches = decode_touches(log.records);
  const bool readable = log.readable && touches.has_value();
  listing_ = of_use && readable;
  if (!listing_) {
    replace_wanted_ = true;  // once it is needed
  } else if (!planted(Bug::touches_forgotten)) {
    for (const Touch& touch : *touches) entries_[touch] = 0;
  }
  return readable;
}

void TouchedSet::start_listing() {
  if (listing_) return;
  listing_ = true;
  entries_.clear();
  replace_wanted_ = true;
  flush();
}

Period TouchedSet::begin_period() {
  start_listing();
  return ++period_;
}

FileId TouchedSet::draw_identity() {
  // SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
  std::uint64_t word = identities_ += 0x9E3779B97F4A7C15ULL;
  word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
  return {period_, word ^ (word >> 31U)};
}

bool TouchedSet::admits(const Operation& request) {
  if (!listing_) return true;
  return admits(touches_of(request, period_, context_.settings.touch_region_bytes));
}

bool TouchedSet::admits(const std::vector<Touch>& touches) {
  if (!listing_) return true;
  if (overflowed_) return planted(Bug::overflow_not_noted);
  bool admitted = true;
  for (const Touch& touch : touches) {
    if (const auto found = entries_.find(touch); found != entries_.end()) {
      found->second = period_;
      continue;
    }
    admitted = planted(Bug::touch_not_waited_for);
    if (pending_.contains(touch)) continue;
    if (size() >= context_.settings.touches_max) {
      context_.mark(Mark::touches_overflow);
      overflowed_ = true;
      return false;
    }
    wait_for(touch);
    list_ahead(touch);
  }
  flush();
  return admitted;
}

void TouchedSet::wait_for(const Touch& touch) {
  pending_.insert(touch);
  next_.push_back(touch);
}

// Whoever writes on from region to region waits once for many.
void TouchedSet::list_ahead(Touch touch) {
  const std::uint64_t step = context_.settings.touch_region_bytes;
  if (touch.kind != TouchKind::region || touch.offset < step) return;
  if (!entries_.contains({touch.file, TouchKind::region, touch.offset - step})) return;
  context_.mark(Mark::touches_ahead);
  for (int i = 0; i < regions_ahead && size() < context_.settings.touches_max / 2; ++i) {
    touch.offset += step;
    if (!entries_.contains(touch) && !pending_.contains(touch)) wait_for(touch);
  }
}

// One call at a time: what is dropped is exactly what is not in the log any more.
void TouchedSet::flush() {
  if (call_ != Ticket(0)) return;
  if (std::exchange(replace_wanted_, false)) {
    std::vector<Touch> kept;
    for (const auto& [touch, touched_in] : entries_) kept.push_back(touch);
    begin_call();
    context_.ports.touches.replace(call_, encode(kept));
  } else if (!next_.empty()) {
    in_flight_ = std::exchange(next_, {});
    if (in_flight_.size() > 1) context_.mark(Mark::touches_share_a_write);
    begin_call();
    context_.ports.touches.append(call_, encode(in_flight_));
  }
}

// Requests may wait for it: a disk that hangs with the list hangs.
void TouchedSet::begin_call() {
  call_ = context_.next_ticket();
  context_.own_disk.asked(call_);
}

bool TouchedSet::logged(const io::TouchesLogged& event) {
  if (event.ticket != call_) return false;
  context_.own_disk.answered(call_);
  call_ = Ticket(0);
  for (const Touch& touch : std::exchange(in_flight_, {})) {
    entries_[touch] = period_;
    pending_.erase(touch);
  }
  flush();
  return true;
}

void TouchedSet::give_up() {
  overflowed_ = false;
  listing_ = false;
  entries_.clear();
  next_.clear();
  pending_ = {in_flight_.begin(), in_flight_.end()};
}

void TouchedSet::drop_before(Period opens) {
  const bool everything = planted(Bug::cools_what_was_touched_since);
  const std::size_t before = entries_.size();
  std::erase_if(entries_, [&](const auto& entry) { return entry.second < opens || everything; });
  context_.mark(entries_.empty() ? Mark::all_cooled : Mark::touched_since_stays);
  if (entries_.size() == before) return;
  replace_wanted_ = true;
  flush();
}

void TouchedSet::drop_all() {
  if (entries_.empty()) return;
  entries_.clear();
  replace_wanted_ = true;
  flush();
}

std::vector<Touch> TouchedSet::all() const {
  std::vector<Touch> touches;
  for (const auto& [touch, touched_in] : entries_) touches.push_back(touch);
  touches.insert(touches.end(), pending_.begin(), pending_.end());
  return touches;
}

}  // namespace lockstep::engine

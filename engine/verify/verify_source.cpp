#include "engine/verify/verify_source.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lockstep::engine {

namespace {
/// As much of a stretch of a directory as one message takes, an entry at least.
Manifest cut_to_fit(const Manifest& whole, std::size_t bytes_max) {
  std::map<FileId, const ManifestObject*> objects;
  for (const ManifestObject& object : whole.objects) objects.emplace(object.id, &object);
  Manifest part;
  std::size_t bytes = 0;
  const auto take = [&](const FileId& id) {
    const auto found = objects.find(id);
    if (found == objects.end()) return;
    bytes += wire_bytes_max(*found->second);
    part.objects.push_back(*found->second);
    objects.erase(found);
  };
  if (!whole.objects.empty()) take(whole.objects.front().id);
  for (const ManifestEntry& entry : whole.entries) {
    if (!part.entries.empty() && bytes >= bytes_max) break;
    bytes += wire_bytes_max(entry);
    part.entries.push_back(entry);
    take(entry.id);
  }
  return part;
}
}  // namespace

void VerifySource::begin(VerifyJob job, std::uint64_t repair) {
  job_ = job;
  repair_ = repair;
  began_ = question_ + 1;
  stage_ = Stage::resting;
  filled_ = false;
  beneath_unknown_ = false;
  narrow_until_ = 0;
  files_ = bytes_ = repaired_ = 0;
  if (job == VerifyJob::everything) {
    walk_.begin_at_root();
    list_.count_anew();
  } else {
    walk_.begin_with(list_.items());
  }
  context_.ports.trace.record(io::VerifyBegan{job});
}

void VerifySource::interrupt() {
  unanswered_ = 0;
  set_back();
}

void VerifySource::set_back() {
  if (stage_ != Stage::resting) context_.mark(Mark::verify_interrupted);
  stage_ = Stage::resting;
  ticket_ = Ticket(0);
  listing_.reset();
  to_fill_.clear();
  filled_ = false;
}

void VerifySource::abandon() {
  set_back();
  end(false);
}

void VerifySource::end(bool complete) {
  if (complete && job_ == VerifyJob::everything) list_.everything_done(began_);
  complete_ = complete;
  ended_at_ = context_.now;
  context_.ports.timers.cancel(io::TimerId::verify);
  walk_.clear();
  job_ = VerifyJob::none;
  context_.ports.trace.record(io::VerifyEnded{complete, list_.count()});
}

bool VerifySource::go_on() {
  if (stage_ != Stage::resting || context_.now < not_before_) return false;
  if (unanswered_ != 0) {
    context_.mark(Mark::verify_waits_for_question);
    return false;
  }
  if (walk_.lost()) {
    context_.mark(Mark::verify_lost_track);
    context_.note("verify: more names are moved than can be remembered to be looked at");
    abandon();
    return true;
  }
  VerifyItem* item = filled_ ? walk_.current() : walk_.next();
  if (item == nullptr) {
    context_.mark(Mark::verify_complete);
    end(!beneath_unknown_);
    return true;
  }
  ask_own_volume(*item);
  return false;
}

void VerifySource::ask_own_volume(VerifyItem& item) {
  stage_ = Stage::reading;
  ticket_ = context_.next_ticket();
  asked_at_ = context_.now;
  if (item.began == 0) item.began = question_ + 1;
  if (item.is_directory) {
    context_.ports.volume.list(ticket_, item.id, item.from, item.single ? 1 : context_.settings.verify_entries);
  } else {
    chunks_ = item.offset < narrow_until_ ? 1 : context_.settings.verify_chunks;
    context_.ports.volume.digest(ticket_, item.id, item.offset, region_bytes(), context_.settings.pull_chunk_bytes);
  }
}

void VerifySource::rest() {
  stage_ = Stage::resting;
  ticket_ = Ticket(0);
  const auto share = static_cast<std::int64_t>(context_.settings.verify_share_percent);
  not_before_ = context_.now + (context_.now - asked_at_) * (100 - share) / share;
  if (not_before_ > context_.now) context_.ports.timers.arm(io::TimerId::verify, not_before_);
}

// --- directories ---

bool VerifySource::scanned(io::Scanned& event) {
  if (event.ticket != ticket_ || stage_ != Stage::reading) return false;
  rest();
  if (!stream_.attached()) {
    interrupt();
    return true;
  }
  VerifyItem& item = *walk_.current();
  if (event.error == ENOENT || event.error == ENOTDIR) {
    context_.mark(Mark::verify_directory_gone);
    gone(item);
  } else if (event.error != 0) {
    context_.mark(Mark::verify_unreadable_here);
    unreadable(item, MismatchKind::unreadable_here, event.error);
    beneath_unknown_ = true;
    walk_.pop();
  } else {
    ask_names(item, event.manifest);
  }
  return true;
}

void VerifySource::ask_names(VerifyItem& item, const Manifest& manifest) {
  listing_ = cut_to_fit(manifest, context_.settings.manifest_part_bytes_max);
  const auto asked = static_cast<std::uint32_t>(listing_->entries.size());
  const bool whole = asked == manifest.entries.size();
  if (!whole) context_.mark(Mark::verify_names_in_parts);
  const std::uint32_t entries_max = item.single ? 1 : context_.settings.verify_entries;
  listing_ends_ = item.single || (whole && asked < entries_max);
  stage_ = Stage::asking;
  // The message belongs behind everything that is ordered, and this event came where the volume had read.
  unanswered_ = ++question_;
  context_.send_peer(
      VerifyNames{question_, stream_.last(), item.id, item.from, whole ? entries_max : asked, *listing_});
}

void VerifySource::answered_names(VerifyItem& item, const Verified& answer) {
  const Manifest listing = std::move(*listing_);
  listing_.reset();
  if (answer.error != 0) {
    context_.mark(Mark::verify_unreadable_there);
    unreadable(item, answer.error == ENOENT ? MismatchKind::names : MismatchKind::unreadable_there, answer.error);
  }
  if (answer.names_differ) {
    context_.mark(Mark::verify_names_differ);
    note({.file = item.id, .kind = MismatchKind::names, .directory = item.id, .path = item.path});
  }
  for (const FileId& object : answer.objects) {
    context_.mark(Mark::verify_attributes_differ);
    const auto named = std::find_if(listing.entries.begin(), listing.entries.end(),
                                    [&](const ManifestEntry& entry) { return entry.id == object; });
    const std::string path =
        named == listing.entries.end() ? item.path : item.path + (item.path.empty() ? "" : "/") + named->name;
    note({.file = object, .kind = MismatchKind::attributes, .directory = item.id, .path = path});
  }
  const VerifyItem directory = item;
  if (listing_ends_) {
    directory_done(directory);
  } else {
    item.from = listing.entries.back().name + '\0';
  }
  walk_.descend(directory, listing);
}

void VerifySource::directory_done(const VerifyItem& item) {
  if (!item.single) list_.directory_done(item.id, item.began);
  walk_.pop();
}

// --- both ---

void VerifySource::answered(const Verified& answer) {
  if (answer.question == unanswered_) unanswered_ = 0;
  if (stage_ != Stage::asking || answer.question != question_) return;
  stage_ = Stage::resting;
  VerifyItem& item = *walk_.current();
  if (item.is_directory) {
    answered_names(item, answer);
  } else {
    answered_region(item, answer);
  }
}

void VerifySource::gone(const VerifyItem& item) {
  filled_ = false;
  narrow_until_ = 0;
  list_.gone(item.id);
  walk_.pop();
}

void VerifySource::unreadable(const VerifyItem& item, MismatchKind kind, std::int32_t error) {
  if (kind == MismatchKind::unreadable_here) ++question_;  // that nobody was asked
  note({.file = item.id,
        .kind = kind,
        .offset = item.offset,
        .directory = item.is_directory ? item.id : FileId::none(),
        .path = item.path,
        .chunks = item.is_directory ? 0 : answerable_,
        .error = error});
}

void VerifySource::note(KnownMismatch mismatch) {
  mismatch.found_by = question_;
  context_.ports.trace.record(io::MismatchFound{mismatch.file, mismatch.kind, mismatch.offset, mismatch.chunks,
                                                context_.settings.pull_chunk_bytes});
  context_.note("verify: " + std::string(to_string(mismatch.kind)) + ": '" + mismatch.path + "'");
  list_.add(std::move(mismatch));
}

}  // namespace lockstep::engine

#include "engine/resync/resync_target.h"

#include "engine/planted.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <utility>

namespace lockstep::engine {

namespace {
/// Of a step of a plan: that the trees were not what the plan took them for.
bool says_nothing_of_the_disk(int error) {
  return error == ENOENT || error == EEXIST || error == ENOTDIR || error == EISDIR || error == ENOTEMPTY ||
         error == EPERM || error == EINVAL || error == ENODATA;
}

void append(const Manifest& part, Manifest& whole) {
  whole.objects.insert(whole.objects.end(), part.objects.begin(), part.objects.end());
  whole.entries.insert(whole.entries.end(), part.entries.begin(), part.entries.end());
  whole.listed.insert(whole.listed.end(), part.listed.begin(), part.listed.end());
}
}  // namespace

void ResyncTarget::expect(Epoch reign, bool compare) {
  abandon();
  compare_ = compare;
  partial_ = false;
  trees_ = std::make_shared<ResyncTrees>();
  reign_ = reign;
  stage_ = Stage::expecting;
  bytes_total_ = 0;
  bytes_copied_ = 0;
  bytes_compared_ = 0;
  synced_bytes_ = 0;
}

void ResyncTarget::expect_part(Epoch reign, std::vector<Touch> own, Period young_from) {
  expect(reign, true);
  partial_ = true;
  trees_->part = ComparedPart{young_from, std::move(own)};
}

void ResyncTarget::abandon() {
  stage_ = Stage::idle;
  keeper_.abandon();
  partial_ = false;
  trees_.reset();
  course_.reset();
  to_list_.clear();
  marked_ = false;
  received_ = false;
  scan_ = Ticket(0);
  plot_ = Ticket(0);
  sync_ = Ticket(0);
  plan_.clear();
  plan_next_ = 0;
  plan_in_flight_.clear();
  pulls_began_ = Instant{};
  regions_.clear();
  let_go_.clear();
  digesting_.clear();
  pulling_.clear();
  asked_bytes_ = 0;
  sync_ahead_ = Ticket(0);
  bytes_left_ = 0;
  files_left_ = 0;
}

ResyncTarget::Outcome ResyncTarget::fail(std::string error) {
  error_ = std::move(error);
  abandon();
  return Outcome::failed;
}

ResyncTarget::Outcome ResyncTarget::manifest(const ManifestPart& part) {
  if (stage_ != Stage::expecting && stage_ != Stage::receiving) {
    context_.mark(Mark::manifest_unexpected);
    return fail("a manifest that nobody asked for");
  }
  const bool first = stage_ == Stage::expecting;
  if (first) {
    stage_ = Stage::receiving;
    stream_.hold(reign_, part.lsn, *this);
    if (planted(Bug::release_before_names)) stream_.release();
    context_.ports.trace.record(io::ResyncBegan{part.lsn, !partial_});
  }
  append(part.manifest, trees_->theirs);
  if (partial_) {
    std::copy(part.touches.begin(), part.touches.end(), std::back_inserter(trees_->part->touches));
  }
  received_ = part.last;
  begin_scan();
  return first ? Outcome::begins : Outcome::progress;
}

void ResyncTarget::tree_marked() {
  if (stage_ != Stage::receiving) {
    context_.mark(Mark::tree_marked_too_late);
    return;
  }
  context_.mark(received_ ? Mark::tree_marked_after_manifest : Mark::tree_marked_before_manifest);
  marked_ = true;
  begin_scan();
}

void ResyncTarget::begin_scan() {
  if (!marked_ || !received_) return;
  stage_ = Stage::scanning;
  scan_ = context_.next_ticket();
  if (partial_) return begin_survey();
  context_.ports.volume.scan(scan_);
}

void ResyncTarget::begin_survey() {
  SurveyRequest request;
  request.young_from = trees_->part->young_from;
  request.directories = trees_->theirs.listed;
  for (const Touch& touch : trees_->part->touches) {
    if (touch.kind == TouchKind::names) request.directories.push_back(touch.file);
  }
  for (const ManifestObject& object : trees_->theirs.objects) {
    const bool directory = object.attributes.is_directory();
    (directory && planted(Bug::unlisted_directory_emptied) ? request.directories : request.objects)
        .push_back(object.id);
  }
  request.sort();
  context_.ports.volume.survey(scan_, request);
}

ResyncTarget::Outcome ResyncTarget::scanned(io::Scanned& event) {
  if (stage_ != Stage::scanning || event.ticket != scan_) return Outcome::none;
  if (event.error != 0) context_.mark(Mark::target_scan_failed);
  if (event.error != 0) return fail("the own tree cannot be read (errno " + std::to_string(event.error) + ")");
  append(event.manifest, trees_->mine);
  if (event.last) plot();
  return Outcome::progress;
}

// Of a tree of millions of files that takes seconds; heartbeats go on meanwhile.
void ResyncTarget::plot() {
  stage_ = Stage::plotting;
  plot_ = context_.next_ticket();
  course_ = std::make_shared<ResyncCourse>();
  context_.ports.background.run(plot_, [trees = std::shared_ptr<const ResyncTrees>(trees_), course = course_,
                                        settings = context_.settings] { *course = plot_course(*trees, settings); });
}

ResyncTarget::Outcome ResyncTarget::work_done(const io::WorkDone& event) {
  if (stage_ != Stage::plotting || event.ticket != plot_) return Outcome::none;
  // A snapshot does not hold it: what it follows from is enough.
  if (course_ == nullptr) course_ = std::make_shared<ResyncCourse>(plot_course(*trees_, context_.settings));
  for (const Mark mark : course_->marks) context_.mark(mark);
  if (!course_->fits) {
    context_.mark(Mark::partial_plan_misfit);
    fail("the two trees differ beyond what was listed");
    return Outcome::misfit;
  }
  keeper_.choose(trees_->mine, trees_->theirs, partial_ ? &*trees_->part : nullptr);
  plan_ = std::move(course_->steps);
  if (partial_) {
    for (const FileId& id : course_->fresh) {
      if (!is_young(id, trees_->part->young_from)) to_list_.push_back(Touch::all_of(id));
    }
  }
  regions_ = std::move(course_->regions);
  bytes_total_ = bytes_left_ = course_->bytes;
  files_left_ = course_->files;
  // What is large takes its time to be freed, too.
  context_.ports.background.run(context_.next_ticket(), [gone = std::exchange(trees_, nullptr)] {});
  course_.reset();
  if (to_list_.empty() || planted(Bug::fresh_object_not_listed)) return keep_then_follow_plan();
  // If this resync is cut short, the next must not take them for equal.
  context_.mark(Mark::fresh_objects_listed);
  stage_ = Stage::listing;
  return Outcome::planned;
}

ResyncTarget::Outcome ResyncTarget::planned_listed() {
  if (stage_ != Stage::listing) return Outcome::none;
  return keep_then_follow_plan();
}

ResyncTarget::Outcome ResyncTarget::keep_then_follow_plan() {
  stage_ = Stage::keeping;
  if (!keeper_.begin() || planted(Bug::set_aside_not_waited_for)) return follow_plan();
  return Outcome::progress;
}

ResyncTarget::Outcome ResyncTarget::set_aside(const io::SetAside& event) {
  switch (keeper_.set_aside(event)) {
    case Keeper::Outcome::none: return Outcome::none;
    case Keeper::Outcome::progress: return Outcome::progress;
    case Keeper::Outcome::done: return stage_ == Stage::keeping ? follow_plan() : Outcome::progress;
    case Keeper::Outcome::failed: return fail(keeper_.trouble());
  }
  return Outcome::none;
}

ResyncTarget::Outcome ResyncTarget::follow_plan() {
  keeper_.clear_trouble();
  plan_next_ = 0;
  stage_ = Stage::naming;
  if (plan_.empty()) {
    context_.mark(Mark::names_equal_already);
    release();
    return check();
  }
  submit_plan();
  return Outcome::progress;
}

// With the contents behind them, in step; but for an operation of the application as fast as it goes.
bool ResyncTarget::names_may_go_on() const {
  if (regions_.empty() || regions_.front().created == 0) return true;
  if (plan_next_ < regions_.front().created + context_.settings.names_ahead_max) return true;
  const bool hurries = stream_.holds_something() && !planted(Bug::names_never_hurry);
  context_.mark(hurries ? Mark::names_hurry : Mark::names_wait_for_contents);
  return hurries;
}

void ResyncTarget::holds_back() {
  if (stage_ == Stage::naming) submit_plan();
}

void ResyncTarget::submit_plan() {
  const std::size_t in_flight_max = context_.settings.name_steps_max;
  while (plan_next_ < plan_.size() && plan_in_flight_.size() < in_flight_max && names_may_go_on()) {
    const Ticket ticket = context_.next_ticket();
    plan_in_flight_.push_back(ticket);
    context_.ports.volume.apply(ticket, plan_[plan_next_++], io::Origin::stream);
  }
}

ResyncTarget::Outcome ResyncTarget::applied(const io::Applied& event) {
  if (stage_ != Stage::naming || plan_in_flight_.empty() || plan_in_flight_.front() != event.ticket) {
    return Outcome::none;
  }
  const std::size_t index = plan_next_ - plan_in_flight_.size();
  plan_in_flight_.pop_front();
  if (event.error != 0) {
    context_.mark(Mark::plan_step_failed);
    const bool misfit = partial_ && says_nothing_of_the_disk(event.error);
    fail("cannot " + describe(plan_[index]) + " (errno " + std::to_string(event.error) + ")");
    return misfit ? Outcome::misfit : Outcome::failed;
  }
  submit_pulls();
  submit_plan();
  if (plan_next_ < plan_.size() || !plan_in_flight_.empty()) return Outcome::progress;
  release();
  return check();
}

// Names and sizes are the primary's as of the manifest; from here on its live operations fit.
void ResyncTarget::release() {
  plan_.clear();
  stage_ = Stage::releasing;
  stream_.release();
}

void ResyncTarget::released() {
  if (stage_ != Stage::releasing) return;
  stage_ = Stage::pulling;
  pull_what_was_let_go();
  submit_pulls();
}

// In whole chunks: so there are few stretches, however small the writes were. Neighbouring ones are joined.
void ResyncTarget::contents_let_go(FileId file, std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t step = context_.settings.pull_chunk_bytes;
  std::uint64_t begin = offset - offset % step;
  std::uint64_t end = offset + length;
  if (end % step != 0) end += step - end % step;
  std::map<std::uint64_t, std::uint64_t>& stretches = let_go_[file];
  auto next = stretches.upper_bound(begin);
  if (next != stretches.begin() && std::prev(next)->second >= begin) {
    --next;
    begin = next->first;
  }
  while (next != stretches.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = stretches.erase(next);
  }
  stretches.emplace(begin, end);
}

// Compared, also where this resync has created the file: the last bytes that were kept are no holes.
void ResyncTarget::pull_what_was_let_go() {
  for (const auto& [file, stretches] : let_go_) {
    if (planted(Bug::let_go_not_pulled)) break;
    for (const auto& [begin, end] : stretches) {
      add_regions(regions_, {file, begin, end - begin, Region::By::chunks}, context_.settings);
      bytes_total_ += end - begin;
      bytes_left_ += end - begin;
    }
    regions_.back().ends_file = true;
    ++files_left_;
  }
  let_go_.clear();
}

std::uint64_t ResyncTarget::asked_bytes(const Region& region) const {
  const std::uint64_t step = step_of(region);
  return (region.length + step - 1) / step * step;
}

std::uint32_t ResyncTarget::step_of(const Region& region) const {
  const bool blocks = region.by == Region::By::blocks;
  return blocks ? context_.settings.pull_block_bytes : context_.settings.pull_chunk_bytes;
}

// Of a file that the plan creates as soon as it is there: the primary reads and sends while this node goes on making
// names. What there was before may still be renamed, cut or replaced.
bool ResyncTarget::may_ask(const Region& region) const {
  if (stage_ == Stage::pulling) return true;
  if (stage_ != Stage::naming || region.created == 0) return false;
  return region.created <= plan_next_ - plan_in_flight_.size() || planted(Bug::contents_before_names);
}

void ResyncTarget::submit_pulls() {
  const std::uint64_t window = context_.settings.pull_window_bytes;
  while (!regions_.empty() && may_ask(regions_.front()) && asked_bytes_ + asked_bytes(regions_.front()) <= window) {
    if (stage_ == Stage::naming) context_.mark(Mark::pulls_while_naming);
    if (pulls_began_ == Instant{}) pulls_began_ = context_.now;
    const Region region = regions_.front();
    regions_.pop_front();
    asked_bytes_ += asked_bytes(region);
    if (region.ends_file) --files_left_;
    if (region.by == Region::By::nothing) {
      ask(region, {});
      continue;
    }
    const Ticket ticket = context_.next_ticket();
    digesting_.emplace(ticket, region);
    context_.ports.volume.digest(ticket, region.file, region.offset, region.length, step_of(region));
  }
  if (stage_ == Stage::pulling && pulls_answered()) {
    context_.note("resync: everything is copied, and is brought to disk");
  }
}

ResyncTarget::Outcome ResyncTarget::digested(const io::Digested& event) {
  const auto found = digesting_.find(event.ticket);
  if (found == digesting_.end()) return Outcome::none;
  const Region region = found->second;
  digesting_.erase(found);
  // A file that the stream has removed meanwhile has no digests; the primary has none of it either.
  if (event.error != 0) {
    context_.mark(event.error == ENOENT ? Mark::target_file_removed_meanwhile : Mark::target_digest_failed);
  }
  ask(region, event.error == 0 && compare_ ? event.digests : std::vector<std::uint64_t>{});
  return Outcome::progress;
}

void ResyncTarget::ask(const Region& region, std::vector<std::uint64_t> digests) {
  const std::uint32_t chunk = step_of(region);
  const auto chunks = static_cast<std::uint32_t>(asked_bytes(region) / chunk);
  const Pull pull{++pull_number_,    region.file, region.offset, chunk, chunks, region.by == Region::By::nothing,
                  std::move(digests)};
  pulling_.emplace(pull.pull, region);
  context_.send_peer(pull);
}

void ResyncTarget::filled_region(std::size_t bytes) {
  bytes_copied_ += bytes;
  sync_ahead();
}

bool ResyncTarget::syncs_later() const { return stage_ == Stage::releasing || stage_ == Stage::pulling; }

// So that the disk works while the next regions are on their way, and not all of it is left for the end.
void ResyncTarget::sync_ahead() {
  const bool due = bytes_copied_ - synced_bytes_ >= context_.settings.resync_sync_bytes;
  const bool copies = stage_ == Stage::naming || stage_ == Stage::releasing || stage_ == Stage::pulling;
  if (!copies || sync_ahead_ != Ticket(0) || !due) return;
  context_.mark(Mark::target_syncs_ahead);
  synced_bytes_ = bytes_copied_;
  sync_ahead_ = context_.next_ticket();
  context_.own_disk.sync_unhurried(sync_ahead_);
}

ResyncProgress ResyncTarget::progress() const {
  ResyncProgress progress{bytes_total_, bytes_left_, files_left_, bytes_copied_, bytes_compared_};
  const bool pulls = stage_ == Stage::naming || stage_ == Stage::releasing || stage_ == Stage::pulling;
  if (pulls && pulls_began_ != Instant{}) progress.rate(context_.now - pulls_began_);
  return progress;
}

void ResyncTarget::pull_answered(std::uint64_t pull, std::uint64_t differing) {
  const auto found = pulling_.find(pull);
  if (found == pulling_.end()) return;
  const Region region = found->second;
  pulling_.erase(found);
  asked_bytes_ -= asked_bytes(region);
  bytes_left_ -= std::min(bytes_left_, region.length);
  if (region.by != Region::By::blocks) {
    bytes_compared_ += region.length;
    refine(region, differing);
  }
  submit_pulls();
  if (stage_ == Stage::naming) submit_plan();
}

// Neighbouring chunks that differ are asked for at once, and next: both nodes have just read them.
void ResyncTarget::refine(const Region& region, std::uint64_t differing) {
  const std::uint64_t chunk = context_.settings.pull_chunk_bytes;
  if (planted(Bug::chunk_not_refined)) differing -= std::bit_floor(differing);
  std::vector<Region> runs;
  for (std::uint64_t at = 0; at < region.length && differing != 0; at += chunk, differing >>= 1U) {
    if ((differing & 1U) == 0) continue;
    const std::uint64_t length = std::min(chunk, region.length - at);
    bytes_total_ += length;
    bytes_left_ += length;
    if (!runs.empty() && runs.back().offset + runs.back().length == region.offset + at) {
      runs.back().length += length;
    } else {
      runs.push_back({region.file, region.offset + at, length, Region::By::blocks});
    }
  }
  regions_.insert(regions_.begin(), runs.begin(), runs.end());
}

ResyncTarget::Outcome ResyncTarget::check() {
  if (stage_ != Stage::pulling || !pulls_answered() || sync_ahead_ != Ticket(0)) {
    return Outcome::progress;
  }
  bytes_left_ = 0;
  if (planted(Bug::complete_before_sync)) {
    stage_ = Stage::finished;
    context_.ports.trace.record(io::ResyncEnded{stream_.applied(), bytes_copied_});
    return Outcome::data_complete;
  }
  stage_ = Stage::syncing;
  sync_ = context_.next_ticket();
  context_.ports.volume.sync(sync_, FileId::none(), false);
  return Outcome::progress;
}

ResyncTarget::Outcome ResyncTarget::synced(const io::Synced& event) {
  const bool ahead = sync_ahead_ != Ticket(0) && event.ticket == sync_ahead_;
  if (!ahead && (stage_ != Stage::syncing || event.ticket != sync_)) return Outcome::none;
  if (event.error != 0) {
    context_.mark(ahead ? Mark::target_sync_ahead_failed : Mark::target_sync_failed);
    return fail("the disk does not keep what was copied (errno " + std::to_string(event.error) + ")");
  }
  if (ahead) {
    sync_ahead_ = Ticket(0);
    return check();
  }
  stage_ = Stage::finished;
  context_.ports.trace.record(io::ResyncEnded{stream_.applied(), bytes_copied_});
  return Outcome::data_complete;
}

}  // namespace lockstep::engine

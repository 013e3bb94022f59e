#include "engine/resync/resync_source.h"

#include "engine/planted.h"
#include "engine/resync/region_fill.h"

#include <cerrno>
#include <optional>
#include <utility>

namespace lockstep::engine {

namespace {
/// After the own tree could not be read, the next resync waits this long.
constexpr Duration pause_after_failure = milliseconds(5000);
/// So many pulls are served at once: what one has read is on its way before the next reads.
constexpr std::size_t served_at_once = 2;
}  // namespace

void ResyncSource::begin() {
  abandon();
  scan_ = context_.next_ticket();
  context_.ports.volume.scan(scan_);
}

void ResyncSource::begin(const std::vector<Touch>& theirs, std::vector<Touch> own, Period young_from) {
  abandon();
  SurveyRequest request;
  request.young_from = young_from;
  for (const std::vector<Touch>* list : {&std::as_const(own), &theirs}) {
    if (list == &theirs && planted(Bug::union_forgets_the_other)) continue;
    for (const Touch& touch : *list) {
      (touch.kind == TouchKind::names ? request.directories : request.objects).push_back(touch.file);
    }
  }
  request.sort();
  touches_ = std::move(own);
  scan_ = context_.next_ticket();
  context_.ports.volume.survey(scan_, request);
}

void ResyncSource::abandon() {
  if (scanning()) abandoned_ = scan_;
  scan_ = Ticket(0);
  described_.reset();
  touches_.clear();
  jobs_.clear();
  asked_bytes_ = 0;
  digests_.clear();
  reads_.clear();
  late_.clear();
  waiting_.clear();
  pace_.abandon();
}

bool ResyncSource::scanned(const io::Scanned& event) {
  if (abandoned_ != Ticket(0) && event.ticket == abandoned_) {
    if (event.last) abandoned_ = Ticket(0);
    return true;
  }
  if (!scanning() || event.ticket != scan_) return false;
  if (event.error != 0) {
    scan_ = Ticket(0);
    context_.mark(Mark::source_scan_failed);
    fail("the directory", event.error);
    return true;
  }
  // The scan stands in the order of operations where its first part does: what is ordered from now on follows it.
  if (!described_) {
    stream_.follow();
    described_ = stream_.last();
  }
  const bool last = event.last || planted(Bug::manifest_ends_early);
  send_manifest(event.manifest, last);
  if (last) {
    scan_ = Ticket(0);
    described_.reset();
  }
  return true;
}

void ResyncSource::send_manifest(const Manifest& manifest, bool last) {
  ManifestPart part{*described_, false, {}, {}};
  std::size_t bytes = 0;
  const auto make_room = [&](std::size_t more) {
    if (bytes + more > context_.settings.manifest_part_bytes_max) {
      context_.mark(Mark::manifest_in_parts);
      context_.send_peer(part);
      part.manifest = {};
      part.touches.clear();
      bytes = 0;
    }
    bytes += more;
  };
  for (const ManifestObject& object : manifest.objects) {
    make_room(wire_bytes_max(object));
    part.manifest.objects.push_back(object);
  }
  for (const ManifestEntry& entry : manifest.entries) {
    if (entry.parent == FileId::staging()) {
      context_.mark(Mark::manifest_without_staging);
      continue;
    }
    make_room(wire_bytes_max(entry));
    part.manifest.entries.push_back(entry);
  }
  for (const FileId& directory : manifest.listed) {
    make_room(sizeof directory);
    part.manifest.listed.push_back(directory);
  }
  if (last) {
    for (const Touch& touch : std::exchange(touches_, {})) {
      make_room(touch_bytes_max);
      part.touches.push_back(touch);
    }
  }
  part.last = last;
  context_.send_peer(part);
}

void ResyncSource::fail(const std::string& what, int error) {
  context_.note("resync given up: " + what + " cannot be read on this node (errno " + std::to_string(error) + ")");
  abandon();
  not_before_ = context_.now + pause_after_failure;
  context_.ports.link.reset(io::Endpoint::peer);
}

void ResyncSource::pull(const Pull& request) {
  const Settings& settings = context_.settings;
  const bool chunks = request.chunk_bytes == settings.pull_chunk_bytes && request.chunks <= settings.pull_chunks_max;
  const bool blocks = request.chunk_bytes == settings.pull_block_bytes &&
                      std::uint64_t{request.chunks} * settings.pull_block_bytes <= settings.pull_bytes_max();
  const bool sensible = stream_.peer() == PeerStanding::following && (chunks || blocks) && request.chunks > 0 &&
                        request.digests.size() <= request.chunks &&
                        asked_bytes_ + request.bytes() <= settings.pull_window_bytes && !jobs_.contains(request.pull);
  if (!sensible) {
    context_.mark(Mark::pull_unfit);
    context_.note("resync: a pull that does not fit; the connection is given up");
    context_.ports.link.reset(io::Endpoint::peer);
    return;
  }
  asked_bytes_ += request.bytes();
  jobs_[request.pull].request = request;
  waiting_.push_back(request.pull);
  serve();
}

void ResyncSource::serve() {
  while (!waiting_.empty() && jobs_.size() - waiting_.size() < served_at_once &&
         pace_.admits(jobs_.size() - waiting_.size())) {
    const std::uint64_t next = waiting_.front();
    waiting_.pop_front();
    begin_job(jobs_.at(next));
  }
}

void ResyncSource::begin_job(Job& job) {
  const Pull& request = job.request;
  job.begun = context_.now;
  if (request.hollow) {
    context_.mark(Mark::pull_hollow);
    return read({request.pull, request.offset, request.bytes()});
  }
  const Ticket ticket = context_.next_ticket();
  digests_.emplace(ticket, request.pull);
  context_.ports.volume.digest(ticket, request.file, request.offset, request.bytes(), request.chunk_bytes);
}

bool ResyncSource::digested(const io::Digested& event) {
  const auto found = digests_.find(event.ticket);
  if (found == digests_.end()) return false;
  const std::uint64_t number = found->second;
  digests_.erase(found);
  Job& job = jobs_.at(number);
  if (event.error != 0 && event.error != ENOENT) {
    context_.mark(Mark::source_digest_failed);
    fail("file " + to_string(job.request.file), event.error);
    return true;
  }
  // A file that is gone, or a region beyond its end, needs nothing: the stream removes it there too.
  if (event.error == ENOENT) context_.mark(Mark::pull_of_removed_file);
  compare(number, event.error != 0 ? std::vector<std::uint64_t>{} : event.digests);
  return true;
}

void ResyncSource::compare(std::uint64_t number, const std::vector<std::uint64_t>& digests) {
  Job& job = jobs_.at(number);
  const std::uint64_t step = job.request.chunk_bytes;
  const bool chunks = step == context_.settings.pull_chunk_bytes;
  std::optional<Read> run;  // neighbours are read at once, a chunk at most
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const bool known = i < job.request.digests.size();
    const std::uint64_t there = known ? job.request.digests[i] : 0;
    if (known && there == digests[i]) continue;
    if (chunks && there != 0 && digests[i] != 0) {
      job.differing |= std::uint64_t{1} << i;
      continue;
    }
    if (chunks && known) context_.mark(Mark::pull_without_blocks);
    const std::uint64_t offset = job.request.offset + i * step;
    if (run && run->offset + run->length == offset && run->length + step <= context_.settings.pull_chunk_bytes) {
      if (!planted(Bug::block_run_cut_short)) run->length += step;
      continue;
    }
    if (run) read(*run);
    run = Read{number, offset, step};
  }
  if (run) read(*run);
  if (job.differing != 0) context_.mark(Mark::pull_refined);
  context_.mark(job.reads_left == 0 && job.differing == 0 ? Mark::pull_differs_nowhere : Mark::pull_differs);
  if (job.reads_left == 0) finish(number);
}

void ResyncSource::read(const Read& region) {
  const Ticket ticket = context_.next_ticket();
  reads_.emplace(ticket, region);
  Job& job = jobs_.at(region.job);
  ++job.reads_left;
  context_.ports.volume.read(ticket, job.request.file, region.offset, region.length,
                             context_.settings.pull_chunk_bytes);
}

bool ResyncSource::region_read(const io::RegionRead& event) {
  const auto found = reads_.find(event.ticket);
  if (found == reads_.end()) return false;
  const Read read = found->second;
  reads_.erase(found);
  if (planted(Bug::resync_reads_before_order)) {
    late_.emplace_back(read, event);
  } else {
    fill(read, event);
  }
  return true;
}

void ResyncSource::heartbeat() {
  const auto late = std::move(late_);
  late_.clear();
  for (const auto& [read, event] : late) fill(read, event);
}

void ResyncSource::fill(const Read& read, const io::RegionRead& event) {
  Job& job = jobs_.at(read.job);
  if (event.error != 0 && event.error != ENOENT) {
    context_.mark(Mark::source_read_failed);
    return fail("file " + to_string(job.request.file), event.error);
  }
  if (event.pieces.size() > 1) context_.mark(Mark::region_in_pieces);
  for (const FilePiece& piece : event.pieces) {
    if (piece.zero() && job.request.hollow) {
      context_.mark(Mark::hole_stays);
      if (planted(Bug::behind_zeroes_left_out)) break;
      continue;
    }
    if (piece.zero()) context_.mark(Mark::region_of_zeroes);
    job.bytes += piece.data.size();
    stream_.order(fill_of(job.request.file, piece, event.mtime_ns), RequestId(0));
  }
  if (event.error == ENOENT) context_.mark(Mark::region_of_removed_file);
  if (event.error == 0 && event.pieces.empty()) context_.mark(Mark::region_beyond_end);
  if (--job.reads_left == 0) finish(read.job);
}

void ResyncSource::finish(std::uint64_t number) {
  Operation answered{.kind = OperationKind::filled};
  answered.length = number;
  const Job& job = jobs_.at(number);
  answered.offset = job.differing;
  stream_.order(answered, RequestId(0));
  pace_.ended(job.begun, job.bytes);
  asked_bytes_ -= job.request.bytes();
  jobs_.erase(number);
  serve();
}

}  // namespace lockstep::engine

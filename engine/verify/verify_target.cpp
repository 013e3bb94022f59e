#include "engine/verify/verify_target.h"

#include "engine/planted.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

namespace {
constexpr std::uint32_t chunks_max = 64;

/// Access times aside: each node has its own.
bool same(const ManifestObject& a, const ManifestObject& b) {
  const Attributes& x = a.attributes;
  const Attributes& y = b.attributes;
  return x.mode == y.mode && x.uid == y.uid && x.gid == y.gid && x.size_bytes == y.size_bytes &&
         x.mtime_ns == y.mtime_ns && x.rdev == y.rdev && a.symlink_target == b.symlink_target && a.xattrs == b.xattrs;
}

std::uint64_t difference(const std::vector<std::uint64_t>& here, const std::vector<std::uint64_t>& there) {
  std::uint64_t differing = 0;
  for (std::size_t i = 0; i < std::max(here.size(), there.size()); ++i) {
    const bool equal = i < here.size() && i < there.size() && here[i] == there[i];
    if (!equal) differing |= std::uint64_t{1} << i;
  }
  return differing;
}
}  // namespace

bool VerifyTarget::ask(const VerifyRegion& question, Epoch reign) {
  const bool sensible = question.chunk_bytes == context_.settings.pull_chunk_bytes && question.chunks != 0 &&
                        question.chunks <= chunks_max && question.digests.size() <= question.chunks;
  if (busy() || !sensible) return false;
  reign_ = reign;
  const Ticket ticket = context_.next_ticket();
  regions_.emplace(ticket, question);
  if (planted(Bug::verify_reads_late)) {
    late_.push_back(ticket);
  } else {
    read(ticket, question);
  }
  return true;
}

void VerifyTarget::read(Ticket ticket, const VerifyRegion& question) {
  context_.ports.volume.digest(ticket, question.file, question.offset,
                               std::uint64_t{question.chunk_bytes} * question.chunks, question.chunk_bytes);
}

bool VerifyTarget::ask(const VerifyNames& question) {
  if (busy() || question.entries_max == 0) return false;
  const Ticket ticket = context_.next_ticket();
  context_.ports.volume.list(ticket, question.directory, question.from, question.entries_max);
  names_.emplace(ticket, question);
  return true;
}

void VerifyTarget::abandon() {
  if (busy()) context_.mark(Mark::verify_question_lost);
  regions_.clear();
  names_.clear();
  for (const auto& [ticket, kept] : keeping_) left_over_.emplace(ticket, kept.file);
  keeping_.clear();
  waiting_.reset();
  late_.clear();
}

void VerifyTarget::heartbeat() {
  for (const Ticket ticket : std::exchange(late_, {})) read(ticket, regions_.at(ticket));
}

bool VerifyTarget::digested(const io::Digested& event) {
  const auto found = regions_.find(event.ticket);
  if (found == regions_.end()) return false;
  const VerifyRegion question = std::move(found->second);
  regions_.erase(found);
  Verified answer{.question = question.question, .error = event.error};
  if (event.error == 0) answer.differing = difference(event.digests, question.digests);
  if (question.repair != 0 && answer.differing != 0 && !planted(Bug::repair_keeps_nothing)) {
    keep(question, answer);
  } else {
    context_.send_peer(answer);
  }
  return true;
}

void VerifyTarget::keep(const VerifyRegion& question, Verified answer) {
  waiting_ = Keeping{question.file, question.repair, std::move(answer)};
  keep_waiting();
}

// What an earlier connection began to set aside may be the same version: two copies would write over each other.
void VerifyTarget::keep_waiting() {
  if (!waiting_) return;
  if (!left_over_.empty()) return context_.mark(Mark::verify_keeping_waits);
  const Ticket ticket = context_.next_ticket();
  // Both versions are of this history.
  const Conflict conflict{waiting_->repair, reign_, reign_};
  const FileId file = waiting_->file;
  keeping_.emplace(ticket, std::move(*waiting_));
  waiting_.reset();
  context_.ports.volume.set_aside(ticket, file, conflict);
}

bool VerifyTarget::set_aside(const io::SetAside& event) {
  if (left_over_.erase(event.ticket) != 0) {
    keep_waiting();
    return true;
  }
  const auto found = keeping_.find(event.ticket);
  if (found == keeping_.end()) return false;
  Keeping kept = std::move(found->second);
  keeping_.erase(found);
  if (event.error == 0) {
    context_.mark(Mark::verify_overwrites);
    context_.ports.trace.record(io::VersionOverwritten{kept.file, kept.repair});
  } else {
    context_.note("verify: this node's version of " + to_string(kept.file) + " cannot be kept aside (errno " +
                  std::to_string(event.error) + "), so it is not repaired");
    kept.answer.not_kept = true;
  }
  context_.send_peer(kept.answer);
  return true;
}

bool VerifyTarget::scanned(const io::Scanned& event) {
  const auto found = names_.find(event.ticket);
  if (found == names_.end()) return false;
  const VerifyNames question = std::move(found->second);
  names_.erase(found);
  Verified answer{.question = question.question, .error = event.error};
  if (event.error == 0) {
    answer.names_differ = event.manifest.entries != question.manifest.entries;
    std::map<FileId, const ManifestObject*> here;
    for (const ManifestObject& object : event.manifest.objects) here.emplace(object.id, &object);
    for (const ManifestObject& object : question.manifest.objects) {
      const auto mine = here.find(object.id);
      if (mine != here.end() && !same(*mine->second, object)) answer.objects.push_back(object.id);
    }
  }
  context_.send_peer(answer);
  return true;
}

}  // namespace lockstep::engine

#include "sim/checkers/i14_verify_is_right.h"

#include <algorithm>

namespace lockstep::sim {

const Inode* VerifyIsRight::find(NodeId node, FileId file) const {
  const Inode* inode = world_.node(node).volume().filesystem().find(file);
  return inode != nullptr && inode->names > 0 && inode->is_regular() ? inode : nullptr;
}

void VerifyIsRight::add_differing(Ranges& to, FileId file, const Range& range) const {
  const Inode* a = find(NodeId::first, file);
  const Inode* b = find(NodeId::second, file);
  if (a == nullptr || b == nullptr) return;
  const std::uint64_t end = std::min({range.end, a->content.size(), b->content.size()});
  if (range.begin >= end) return;
  const std::vector<std::byte> of_a = a->content.read(range.begin, end - range.begin);
  const std::vector<std::byte> of_b = b->content.read(range.begin, end - range.begin);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    std::size_t run = 0;
    while (i + run < of_a.size() && of_a[i + run] != of_b[i + run]) ++run;
    to.add(file, range.begin + i, run);
    i += run;
  }
}

void VerifyIsRight::began(NodeId primary) {
  verify_ = Verify{primary, {}, {}, {}};
  for (const FileId file : ever_rotten_.files()) {
    for (const Range& range : *ever_rotten_.of(file)) add_differing(verify_->differing, file, range);
  }
  for (const NodeId node : every_node) {
    verify_->unreadable[index_of(node)] = world_.node(node).volume().trouble().unreadable;
  }
}

void VerifyIsRight::found(const io::MismatchFound& mismatch) {
  const std::string what = "a verify reports " + std::string(to_string(mismatch.kind)) + " of " +
                           to_string(mismatch.file) + " at " + std::to_string(mismatch.offset);
  if (mismatch.kind == MismatchKind::names || mismatch.kind == MismatchKind::attributes) {
    throw Violation("I14", what + ", which nothing has damaged");
  }
  for (std::uint64_t i = 0; i < 64; ++i) {
    if ((mismatch.chunks >> i & 1U) == 0) continue;
    const std::uint64_t at = mismatch.offset + i * mismatch.chunk_bytes;
    if (mismatch.kind == MismatchKind::contents && !ever_rotten_.touch(mismatch.file, at, mismatch.chunk_bytes)) {
      throw Violation("I14", what + ", but nothing has ever rotted in chunk " + std::to_string(i));
    }
    if (verify_) verify_->reported.add(mismatch.file, at, mismatch.chunk_bytes);
  }
}

void VerifyIsRight::ended() {
  const Verify verify = *std::move(verify_);
  verify_.reset();
  const auto check = [&](FileId file, const Range& range, const std::string& what) {
    if (verify.reported.touch(file, range.begin, range.end - range.begin)) return;
    throw Violation("I14", "a verify is complete, but has not reported that " + what + " file " + to_string(file) +
                               " from " + std::to_string(range.begin) + " on");
  };
  for (const FileId file : verify.differing.files()) {
    Ranges still;
    for (const Range& range : *verify.differing.of(file)) add_differing(still, file, range);
    const std::vector<Range>* left = still.of(file);
    if (left == nullptr) continue;
    for (const Range& range : *left) check(file, range, "the nodes differ in");
  }
  for (const NodeId node : every_node) {
    const Ranges& then = verify.unreadable[index_of(node)];
    for (const FileId file : then.files()) {
      const Inode* here = find(node, file);
      if (here == nullptr || find(other(node), file) == nullptr) continue;
      for (const Range& range : *then.of(file)) {
        const Range inside{range.begin, std::min(range.end, here->content.size())};
        const Ranges& now = world_.node(node).volume().trouble().unreadable;
        if (inside.begin >= inside.end || !now.touch(file, inside.begin, inside.end - inside.begin)) continue;
        check(file, inside, std::string(to_string(node)) + " cannot read");
      }
    }
  }
}

void VerifyIsRight::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  if (const auto* begin = std::get_if<io::VerifyBegan>(&event)) {
    verify_.reset();
    if (begin->job == VerifyJob::everything) began(node_at(by));
  } else if (const auto* mismatch = std::get_if<io::MismatchFound>(&event)) {
    found(*mismatch);
  } else if (const auto* end = std::get_if<io::VerifyEnded>(&event)) {
    if (verify_ && verify_->primary == node_at(by) && end->complete) ended();
    verify_.reset();
  }
}

void VerifyIsRight::applied(NodeId node, std::uint64_t /*sequence*/, const Operation& effect, io::Origin /*origin*/,
                            bool /*replicated*/) {
  if (!verify_) return;
  verify_->differing.remove_written(effect);
  verify_->unreadable[index_of(node)].remove_written(effect);
}

void VerifyIsRight::rotted(NodeId /*node*/, FileId file, std::uint64_t offset, std::uint64_t length) {
  ever_rotten_.add(file, offset, length);
  if (verify_) verify_->differing.remove(file, offset, length);
}

// Whoever it was: the verify comes to nothing.
void VerifyIsRight::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) verify_.reset();
}

void VerifyIsRight::healed() {
  if (verify_) verify_->unreadable = {};
}

}  // namespace lockstep::sim

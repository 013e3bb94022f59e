// What a verify does with the contents of files: a region after the other, and what becomes of one that differs.
#include "engine/planted.h"
#include "engine/resync/region_fill.h"
#include "engine/verify/verify_source.h"

#include <algorithm>
#include <cerrno>

namespace lockstep::engine {

namespace {
constexpr std::uint64_t bits_below(std::size_t count) {
  return count >= 64 ? UINT64_MAX : (std::uint64_t{1} << count) - 1;
}

/// The disk itself says that it does not have what was written (and not, say, that there is no memory).
bool disk_has_lost_it(std::int32_t error) { return error == EIO || error == EBADMSG || error == EUCLEAN; }
}  // namespace

bool VerifySource::digested(const io::Digested& event) {
  if (event.ticket != ticket_ || stage_ != Stage::reading) return false;
  rest();
  if (!stream_.attached()) {
    interrupt();
    return true;
  }
  VerifyItem& item = *walk_.current();
  answerable_ = bits_below(event.digests.size());
  if (event.error == ENOENT) {
    context_.mark(Mark::verify_file_gone);
    gone(item);
  } else if (event.error != 0) {
    context_.mark(Mark::verify_unreadable_here);
    answerable_ = bits_below(chunks_);
    unreadable(item, MismatchKind::unreadable_here, event.error);
    region_done(item, true);
  } else if (event.digests.empty()) {
    list_.region_equal(item.id, item.offset, item.offset + region_bytes());
    file_done();
  } else if (planted(Bug::verify_forgets_tail) && event.digests.size() < chunks_) {
    file_done();
  } else {
    stage_ = Stage::asking;
    unanswered_ = ++question_;
    context_.send_peer(VerifyRegion{question_, stream_.last(), item.id, item.offset, context_.settings.pull_chunk_bytes,
                                    chunks_, repairs() && !filled_ ? repair_ : 0, event.digests});
  }
  return true;
}

void VerifySource::answered_region(VerifyItem& item, const Verified& answer) {
  if (answer.error == ENOENT) {
    // No name leads to it there: that is a difference of names, and found as one.
    context_.mark(Mark::verify_file_lacking);
    return file_done();
  }
  const bool unread = answer.error != 0 && !planted(Bug::verify_takes_error_for_equal);
  const bool lost_there = unread && disk_has_lost_it(answer.error);
  if (lost_there && chunks_ > 1) {
    // What can be read there is compared all the same: it may be the good one.
    context_.mark(Mark::verify_narrows);
    narrow_until_ = item.offset + region_bytes();
    return;
  }
  if (unread) {
    context_.mark(Mark::verify_unreadable_there);
    unreadable(item, MismatchKind::unreadable_there, answer.error);
  }
  const std::uint64_t differing = unread ? answerable_ : answer.differing & bits_below(chunks_);
  // What the other node's disk has lost is read well here.
  if (answer.not_kept) context_.mark(Mark::verify_repair_not_kept);
  if (differing != 0 && (lost_there || (repairs() && !unread && !answer.not_kept)) && !filled_) {
    context_.mark(unread ? Mark::verify_repairs_unreadable : Mark::verify_repairs_asked);
    for (std::uint64_t i = 0; i < chunks_; ++i) {
      if ((differing >> i & 1U) != 0) to_fill_.push_back(item.offset + i * context_.settings.pull_chunk_bytes);
    }
    filled_ = true;
    stage_ = Stage::listing;
    return;
  }
  if (!unread && differing == 0) {
    if (filled_) ++repaired_;
    list_.region_equal(item.id, item.offset, item.offset + region_bytes());
  } else if (!unread && !planted(Bug::mismatch_not_reported)) {
    context_.mark(Mark::verify_contents_differ);
    note({.file = item.id,
          .kind = MismatchKind::contents,
          .offset = item.offset,
          .path = item.path,
          .chunks = differing});
  }
  region_done(item);
}

std::vector<Touch> VerifySource::to_be_listed() {
  std::vector<Touch> touches;
  if (stage_ != Stage::listing) return touches;
  const std::uint64_t region = context_.settings.touch_region_bytes;
  for (const std::uint64_t offset : to_fill_) {
    const std::uint64_t end = offset + context_.settings.pull_chunk_bytes;
    for (std::uint64_t at = offset / region * region; at < end; at += region) {
      touches.push_back({walk_.current()->id, TouchKind::region, at});
    }
  }
  return touches;
}

void VerifySource::fill_next() {
  stage_ = Stage::filling;
  ticket_ = context_.next_ticket();
  const std::uint32_t chunk = context_.settings.pull_chunk_bytes;
  context_.ports.volume.read(ticket_, walk_.current()->id, to_fill_.front(), chunk, chunk);
}

bool VerifySource::region_read(const io::RegionRead& event) {
  if (event.ticket != ticket_ || stage_ != Stage::filling) return false;
  ticket_ = Ticket(0);
  VerifyItem& item = *walk_.current();
  if (event.error != 0) {
    stage_ = Stage::resting;
    to_fill_.clear();
    if (event.error != ENOENT) {
      context_.mark(Mark::verify_repair_unreadable_here);
      unreadable(item, MismatchKind::unreadable_here, event.error);
      region_done(item);
    } else {
      gone(item);
    }
    return true;
  }
  for (const FilePiece& piece : event.pieces) stream_.order(fill_of(item.id, piece, event.mtime_ns), RequestId(0));
  to_fill_.pop_front();
  if (!to_fill_.empty()) {
    fill_next();
  } else {
    stage_ = Stage::resting;  // and then the region is compared again
  }
  return true;
}

void VerifySource::region_done(VerifyItem& item, bool unread_here) {
  filled_ = false;
  const std::uint64_t reached = item.offset + region_bytes();
  if (item.offset < item.bytes) bytes_ += std::min(reached, item.bytes) - item.offset;
  item.offset = reached;
  bool ends = (answerable_ & ~bits_below(chunks_ - 1)) == 0;
  // Where the end cannot be read it is taken from the listing.
  if (unread_here) ends = item.offset >= item.bytes;
  if (ends || item.offset >= item.end) file_done();
}

void VerifySource::file_done() {
  filled_ = false;
  narrow_until_ = 0;
  ++files_;
  walk_.pop();
}

}  // namespace lockstep::engine

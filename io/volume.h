// Port: the directory beneath the mount, as a store of objects addressed by FileId.
// Events that answer: Applied, Synced, Scanned, Digested, RegionRead, SetAside. Without a call: Indexed.
#pragma once

#include "engine/values/conflict.h"
#include "engine/values/manifest.h"
#include "engine/values/operation.h"
#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep::io {

/// Who wants an operation applied.
enum class Origin : std::uint8_t {
  application,  ///< a request: checked as the filesystem checks it; the effect is reported
  stream,       ///< the effect of another node's request, or resync: applied to the letter, times included
};

/// Some time after the start, once, comes Indexed: from then on objects are found by their identity at once. Before,
/// and where the disk belies what was known of them, that takes its time, and what is called behind it waits.
///
/// apply(), scan(), survey(), list(), digest() and read() take effect in the order of the calls, each at one instant
/// between its neighbours, and their events come in the same order. (Of a resync, new names may take effect although
/// contents that were called before them fail: a create of Origin::stream without a time of its directory.) sync()
/// covers everything applied before the call; its event may be overtaken and may overtake.
class Volume {
 public:
  virtual ~Volume() = default;

  /// Applied{ticket, error, effect, replicated, bytes} follows. A request to create an object carries the identity that
  /// it is to have. `error` is 0 or an errno; then nothing was changed.
  /// A short write is reported in `bytes`, its effect holds just the bytes written.
  /// For Origin::application `replicated` is false where no name leads to the object any more (an unlinked open
  /// file): such a change concerns this node only.
  /// A request with flag_resent that has taken effect before, and would fail for that reason now, succeeds, changes
  /// nothing and has `replicated` false: nobody else can have changed the name (or attribute) meanwhile, as its caller
  /// still waits. So the object that a create or link finds in place is the one that it made (effect.file), and what an
  /// unlink, a rename or a removal does not find is gone. An effect never has flag_resent.
  /// Once an operation of Origin::stream has failed, those that follow it fail too (ECANCELED) and change nothing,
  /// until the next scan() or survey(): what comes behind a gap is no state of the other node's. A write of
  /// Origin::stream is applied whole or fails (of one that fails, bytes may have been written: it was never
  /// acknowledged). kind sync and filled are not passed here.
  virtual void apply(Ticket ticket, const Operation& operation, Origin origin) = 0;

  /// Synced{ticket, error} once `file` (its data and attributes; for a directory its names) is on disk, or, for
  /// FileId::none(), everything applied before this call. `data_only` allows what fdatasync allows: the times of writes
  /// may be on disk later.
  virtual void sync(Ticket ticket, FileId file, bool data_only) = 0;

  /// Scanned{ticket, error, manifest, last}: the whole tree at one instant, in parts. That instant is the place of the
  /// first part's event, which requests of the application that were called later may precede; the others follow, while
  /// anything goes on. Objects that have no identity yet get one. After an error there is one part, with nothing in it.
  virtual void scan(Ticket ticket) = 0;

  /// Scanned{ticket, error, manifest} as well, for a part of the tree at one instant: what is asked for as far as a
  /// name leads to it, what the staging directory holds, and what there is no identity yet for where entries lead to
  /// it. The manifest's `listed` holds every directory whose entries were listed, asked for or young.
  virtual void survey(Ticket ticket, const SurveyRequest& request) = 0;

  /// Scanned{ticket, error, manifest} as well, for a directory at one instant: the directory itself, and in the order
  /// of their names (as bytes) its entries from `from` on, at most so many, with all that they lead to. It is no new
  /// beginning: what follows an operation that failed goes on failing. ENOENT where no name leads to the directory.
  virtual void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) = 0;

  /// The identities that the volume itself gives from now on, to what has none, are of this period.
  virtual void identify_in(Period period) = 0;

  /// Digested{ticket, error, digests}: XXH3-64 of each `chunk_bytes` of [offset, offset + length), the last one
  /// possibly shorter; bytes beyond the end of the file count as absent (fewer digests; a partial last chunk is
  /// hashed as far as it exists). A chunk of nothing but zeroes, a hole or not, is 0. ENOENT as for read().
  virtual void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                      std::uint32_t chunk_bytes) = 0;

  /// RegionRead{ticket, error, pieces, mtime_ns}: the bytes of [offset, offset + length), fewer at the end of the file
  /// and none behind it; of all of them or, with an error, of none. The pieces follow each other without a gap.
  /// Each is either zeroes or data, as chunks of `chunk_bytes` (not 0) from `offset` on, the last possibly shorter, are
  /// nothing but zeroes, a hole or not, or are something else; neighbours are different. They may share one buffer.
  /// ENOENT where no name leads to the object any more, even if it is still open: no other node has it.
  virtual void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                    std::uint32_t chunk_bytes) = 0;

  /// SetAside{ticket, error} once a copy of the object as it is, and the name that led to it, are on disk beside the
  /// tree, where no application, scan() or survey() sees them, and no operation reaches them. What was kept of it
  /// before in this conflict stays as it is, and is all that is kept. What is
  /// changed before the event may be in the copy or not. Of a directory its attributes are kept, and not what it holds.
  /// After an error nothing is kept of it.
  virtual void set_aside(Ticket ticket, FileId object, const Conflict& conflict) = 0;
};

}  // namespace lockstep::io

// Port: where the application's calls enter (on Linux: FUSE over a guard over the directory).
// Events that answer: MountOpened, MountClosed; and RequestArrived for each call that changes something.
#pragma once

#include "engine/values/file_id.h"
#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep::io {

struct Reply {
  int error = 0;            ///< 0 or an errno
  std::uint64_t bytes = 0;  ///< write: how many were written
  FileId file;              ///< create and link: the object
};

/// While closed (from the start of the process, and whatever happens to it) no call can reach the directory: it
/// looks empty and cannot be written. Reads are answered by the mount itself, never by the engine.
class Mount {
 public:
  virtual ~Mount() = default;
  /// MountOpened{error_text} follows; an empty text means open. Only called while closed.
  /// What an earlier life of this process has left (Booted::held) is taken up by the first call: callers, open files
  /// and all. Each request that is unanswered comes again, with flag_resent if that life may have begun it.
  virtual void open() = 0;
  /// MountClosed follows. Requests still unanswered are aborted: their callers get an error (or die first), never
  /// a success. Allowed in any state.
  virtual void close() = 0;
  /// Answers a request of RequestArrived. A request that is never answered blocks its caller until close().
  virtual void reply(RequestId request, const Reply& reply) = 0;
};

}  // namespace lockstep::io

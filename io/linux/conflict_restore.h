// Giving back what was set aside.
#pragma once

#include "io/linux/conflict_record.h"
#include "io/linux/object_descriptor.h"

#include <string>

namespace lockstep::linux_io {

/// Makes the object anew as `name` in `directory`: type, contents with their holes, owner, mode, extended attributes as
/// far as the filesystem takes them, times. A directory stays the caller's alone (mode 0700) until dress_restored().
/// `store`: where it is kept. Syncs it. 0 or an errno: EEXIST if something has that name already (then nothing was
/// made), ESTALE if somebody else put another object in its place.
int restore_kept(int store, const ConflictRecord& record, int directory, const std::string& name);
/// Gives a restored directory its owner, mode, extended attributes and times, when what it holds is there. 0 or an
/// errno: ESTALE if `name` is no such directory.
int dress_restored(const ConflictRecord& record, int directory, const std::string& name);

}  // namespace lockstep::linux_io

// Looks for everything that can reach the raw directory past the mount.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace lockstep::linux_io {

/// One sentence for each bypass that exists now, naming the process or mount and what to do; empty: there is none.
/// The daemon must not start while there is any: writes that take that way are not replicated.
///
/// Found are: other processes (in whatever mount namespace) with an open file, working directory, root directory,
/// program or mapping on an object of the tree; other mounts in this mount namespace that lead to the directory or into
/// it; and other filesystems mounted inside it, whose contents would not be replicated.
/// Not found are: other mount namespaces that could still open the directory by name, and hard links from outside.
///
/// `keeper`: keeps descriptors for the daemon (io/linux/descriptor_keeper.h) and never looks into them; those that it
/// was told to drop it may not have dropped yet. 0: there is none.
///
/// `raw_directory`: the directory beneath the guard, `path`: where it lies. Best called with the guard raised, so that
/// no new bypass can be opened meanwhile. Reads /proc and, if something on the same filesystem is open, the names
/// of the tree. Blocks; any thread. Needs root and the pid namespace in which the applications run.
std::vector<std::string> find_bypasses(int raw_directory, const std::string& path, pid_t keeper = 0);

}  // namespace lockstep::linux_io

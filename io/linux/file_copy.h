// Copies the contents of a file, holes kept, sharing blocks where the filesystem can.
#pragma once

#include <functional>

namespace lockstep::linux_io {

/// `from` is open for reading, with a position of its own; `to` for writing, and empty. Syncs nothing. Between two
/// stretches `go_on` is asked. 0 or an errno; ECANCELED if it was not to go on.
int copy_contents(int from, int to, const std::function<bool()>& go_on);

}  // namespace lockstep::linux_io

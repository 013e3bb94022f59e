// A process beside the daemon that outlives it, and ends what the daemon has left if no other daemon takes that over
// while nobody else serves.
#pragma once

#include "io/asio/interface_address.h"
#include "io/linux/application.h"

#include <functional>
#include <string>
#include <vector>

namespace lockstep::prod {

/// One module's service, as far as it may outlive the daemon.
struct FencedService {
  std::string lease_path;
  io::ScriptApplicationOptions application;
  std::vector<io::ServiceAddress> addresses;
};

/// Forks it, and returns in the calling process, which has no other thread yet, when `let_go` has been called in the
/// new one: it closes whatever of this process's is not to outlive it. An error as text, or empty.
///
/// For each service that this process answers for (LeaseNote): when it has ended, or is about to, another daemon may
/// answer for the service before the lease has run out. Otherwise the fencer takes the addresses away, ends the mount
/// (the guard stays, so the directory is closed) and kills the application's processes, while the lock of the LeaseNote
/// keeps daemons that come later waiting. It does the same, without the lock, where this process has only found the
/// service of an earlier one, and does not come to serve it in that time.
///
/// If the fencer itself is killed before, that is logged, and nobody fences: two have to die for that.
std::string start_fencer(const std::vector<FencedService>& services, const std::function<void()>& let_go);

}  // namespace lockstep::prod

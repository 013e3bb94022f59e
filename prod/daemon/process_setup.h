// What a daemon's process needs before it does anything: directories, limits, signals.
#pragma once

#include <functional>
#include <string>

namespace lockstep::prod {

/// SIGPIPE ignored, SIGTERM, SIGINT and SIGHUP blocked for wait_for_end() in this thread and all that it starts.
void set_up_signals();
/// Waits for SIGTERM or SIGINT; its name. Until then `on_hangup` is called, in this thread, for SIGHUP.
std::string wait_for_end(const std::function<void()>& on_hangup);
/// Memory for the data that passes through is kept, some 64 MiB of it: the kernel would have to clear it each time.
void set_up_memory();
/// No file mode is taken from what applications ask for (umask 0), and as many descriptors as the system allows.
void set_up_limits();
/// mkdir -p with mode 0700 for what is missing. An error as a sentence, or empty.
std::string make_directory(const std::string& path);
/// This machine's name.
std::string host_name();

}  // namespace lockstep::prod

// Small files in the runtime directory, for a later daemon of the same boot of the machine.
#pragma once

#include <string>

namespace lockstep::io {

/// "boot ID", with its end of line: such a file begins with it, so that it means nothing after a reboot. Empty if the
/// kernel does not tell.
std::string boot_line();
/// Empty if there is none.
std::string read_note(const std::string& path);
/// Replaces the file as a whole. Not synced: it must not outlive a power loss, and the boot that it names does not
/// either. An error as text, or empty.
std::string write_note(const std::string& path, const std::string& text);

}  // namespace lockstep::io

// Requests as an application makes them, for scenarios that say themselves what is asked for.
#pragma once

#include "engine/values/operation.h"

#include <string>

namespace lockstep::sim {

/// Fails with EEXIST where the name exists, as with O_EXCL.
Operation create_file(FileId parent, std::string name);
Operation create_directory(FileId parent, std::string name);
Operation create_symlink(FileId parent, std::string name, std::string target);
Operation write_at(FileId file, std::uint64_t offset, Buffer data);
Operation truncate_to(FileId file, std::uint64_t bytes);
Operation set_mtime(FileId file, std::int64_t mtime_ns);
Operation rename_to(FileId parent, std::string name, FileId new_parent, std::string new_name);
Operation exchange(FileId parent, std::string name, FileId new_parent, std::string new_name);
Operation link_to(FileId file, FileId parent, std::string name);
Operation remove_name(FileId parent, std::string name);
Operation remove_directory(FileId parent, std::string name);
/// `file` none: everything.
Operation sync_of(FileId file);

}  // namespace lockstep::sim

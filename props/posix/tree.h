// What can be seen of objects, as text: equal objects give equal texts.
#pragma once

#include <string>
#include <string_view>
#include <sys/stat.h>

namespace lockstep::posix {

/// Printable, one line; other bytes as \xNN.
std::string escaped(std::string_view bytes);
/// Short contents as they are, long ones by length and hash.
std::string summary(std::string_view bytes);

/// Type, mode, links, owner, size, device. Neither inode numbers nor times.
std::string describe_status(const struct stat& status);
/// Extended attributes, by name; `name` may be a symbolic link, and is not followed.
std::string describe_attributes(int directory, const std::string& name);
std::string read_all(int descriptor);
/// Everything beneath the directory, by name: statuses, contents, targets, attributes, and modification times that
/// lie before 2020 (set by a call; others are the clock's), but for those of fifos.
std::string describe_tree(int directory);

}  // namespace lockstep::posix

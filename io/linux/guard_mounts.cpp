#include "io/linux/guard_mounts.h"

#include <fstream>
#include <sstream>
#include <sys/mount.h>
#include <sys/sysmacros.h>

namespace lockstep::linux_io {
namespace {

/// The kernel writes space, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

std::optional<std::uint64_t> descriptor_figure(int fd, const std::string& wanted) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string key; info >> key;) {
    std::uint64_t value = 0;
    if (key == wanted && info >> value) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<MountEntry> parse_mount(const std::string& line) {
  std::istringstream fields(line);
  MountEntry entry;
  unsigned major_number = 0;
  unsigned minor_number = 0;
  char colon = 0;
  std::string options;
  std::string field;
  fields >> entry.id >> entry.parent >> major_number >> colon >> minor_number >> entry.root >> entry.point >> options;
  while (fields >> field && field != "-") {
  }
  fields >> entry.type >> entry.source;
  if (!fields) return std::nullopt;
  entry.device = ::makedev(major_number, minor_number);
  entry.root = unescape(entry.root);
  entry.point = unescape(entry.point);
  entry.source = unescape(entry.source);
  return entry;
}

std::vector<MountEntry> read_mounts() {
  std::vector<MountEntry> mounts;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    if (auto entry = parse_mount(line)) mounts.push_back(std::move(*entry));
  }
  return mounts;
}

std::optional<MountEntry> top_mount(const std::string& path) {
  std::optional<MountEntry> top;
  for (MountEntry& entry : read_mounts()) {
    if (entry.point == path) top = std::move(entry);
  }
  return top;
}

std::uint64_t mount_of(int fd) { return descriptor_figure(fd, "mnt_id:").value_or(0); }

std::optional<unsigned> fuse_connection_of(int device) {
  const auto number = descriptor_figure(device, "fuse_connection:");
  return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

std::string fuse_source(const std::string& module) { return "lockstep:" + module; }

void end_fuse_mount(const std::string& module, int device) {
  const std::optional<unsigned> connection = fuse_connection_of(device);
  for (const MountEntry& entry : read_mounts()) {
    if (!entry.is_lockstep_fuse() || entry.source != fuse_source(module)) continue;
    if (connection && minor(entry.device) != *connection) continue;
    if (const auto top = top_mount(entry.point); !top || top->id != entry.id) continue;
    ::umount2(entry.point.c_str(), MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW);
  }
}

bool is_within(const std::string& path, const std::string& directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace lockstep::linux_io

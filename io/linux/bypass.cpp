#include "io/linux/bypass.h"

#include "io/linux/guard_mounts.h"
#include "io/linux/object_descriptor.h"

#include <algorithm>
#include <cctype>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace lockstep::linux_io {
namespace {

constexpr const char* remedy = ": stop it, then start again";

struct Place {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Place&) const = default;
};

/// Follows links; never asks a remote or FUSE filesystem, which might hang.
bool look(const std::string& path, Place& place) {
  struct statx status {};
  constexpr int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  if (::statx(AT_FDCWD, path.c_str(), flags, STATX_INO, &status) != 0) return false;
  place = {::makedev(status.stx_dev_major, status.stx_dev_minor), static_cast<ino_t>(status.stx_ino)};
  return true;
}

void for_each_name(const std::string& directory, const std::function<void(const std::string&)>& visit) {
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) return;  // the process has ended meanwhile
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name(entry->d_name);
    if (name != "." && name != "..") visit(name);
  }
  ::closedir(stream);
}

/// How a process holds an object: "has %s open", with the place of the path marked.
struct Use {
  std::string process;
  std::string before;
  std::string after;
  bool operator<(const Use& other) const {
    return std::tie(process, before, after) < std::tie(other.process, other.before, other.after);
  }
};
using Uses = std::map<ino_t, std::set<Use>>;

/// Everything that processes hold on one filesystem, by inode: whether it is in the tree shows later.
class ProcessScan {
 public:
  ProcessScan(dev_t device, Uses& uses, pid_t keeper) : device_(device), uses_(uses), keeper_(std::to_string(keeper)) {}

  void run() {
    const std::string own = std::to_string(::getpid());
    for_each_name("/proc", [&](const std::string& pid) {
      const bool is_process = std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
      if (is_process && pid != own) look_at(pid);
    });
  }

 private:
  void look_at(const std::string& pid) {
    const std::string base = "/proc/" + pid;
    std::string name;
    std::ifstream comm(base + "/comm");
    std::getline(comm, name);
    const std::string process = "process " + pid + " (" + name + ")";
    held(base + "/cwd", {process, " has its working directory at ", ""});
    held(base + "/root", {process, " has its root directory at ", ""});
    held(base + "/exe", {process, " runs the program ", ""});
    mapped(base + "/maps", process);
    if (pid == keeper_) return;
    for_each_name(base + "/fd", [&](const std::string& fd) { held(base + "/fd/" + fd, {process, " has ", " open"}); });
  }

  void held(const std::string& link, const Use& use) {
    Place place;
    if (look(link, place) && place.device == device_) uses_[place.inode].insert(use);
  }

  void mapped(const std::string& path, const std::string& process) {
    std::ifstream maps(path);
    for (std::string line; std::getline(maps, line);) {
      std::istringstream fields(line);
      std::string range;
      std::string permissions;
      std::string offset;
      unsigned major_number = 0;
      unsigned minor_number = 0;
      char colon = 0;
      ino_t inode = 0;
      fields >> range >> permissions >> offset >> std::hex >> major_number >> colon >> minor_number >> std::dec >>
          inode;
      if (fields && inode != 0 && ::makedev(major_number, minor_number) == device_) {
        uses_[inode].insert({process, " has ", " mapped into memory"});
      }
    }
  }

  dev_t device_;
  Uses& uses_;
  const std::string keeper_;
};

/// Visits every name beneath a directory; `visit` returns false to end the walk.
using Visit = std::function<bool(const std::string& path, ino_t inode)>;
bool walk_names(int directory, const std::string& path, const Visit& visit) {
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) return true;
  bool go_on = true;
  while (go_on) {
    const dirent* entry = ::readdir(stream);
    if (entry == nullptr) break;
    const std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    std::string child = path;
    child.append("/").append(name);
    go_on = visit(child, entry->d_ino);
    if (!go_on || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    const Descriptor inner(
        ::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_NONBLOCK | O_CLOEXEC));
    if (inner.valid()) go_on = walk_names(inner.fd(), child, visit);
  }
  ::closedir(stream);
  return go_on;
}

void report_processes(int raw_directory, const std::string& path, const Place& raw, pid_t keeper,
                      std::vector<std::string>& found) {
  Uses uses;
  ProcessScan(raw.device, uses, keeper).run();
  const auto report = [&](const std::string& object, ino_t inode) {
    const auto use = uses.find(inode);
    if (use == uses.end()) return true;
    for (const Use& each : use->second) found.push_back(each.process + each.before + object + each.after + remedy);
    uses.erase(use);
    return !uses.empty();
  };
  if (!uses.empty() && report(path, raw.inode) && !uses.empty()) walk_names(raw_directory, path, report);
}

std::string mounted_inside(const std::string& path, const MountEntry& mount) {
  return "a filesystem (" + mount.type + ") is mounted on " + mount.point + ", inside " + path +
         ", and would not be replicated: unmount it, or replicate another directory; then start again";
}

std::string reached_at(const std::string& path, const std::string& way, const MountEntry& mount) {
  return path + " can also be reached at " + way + " (mounted on " + mount.point + "): unmount it, then start again";
}

void report_mounts(int raw_directory, const std::string& path, const Place& raw, std::vector<std::string>& found) {
  const auto mounts = read_mounts();
  const std::uint64_t own_id = mount_of(raw_directory);
  const auto own = std::find_if(mounts.begin(), mounts.end(), [&](const auto& m) { return m.id == own_id; });
  // Where the directory lies within its filesystem, whatever is mounted where.
  std::string inner;
  if (own != mounts.end() && is_within(path, own->point)) {
    inner = own->root == "/" ? "" : own->root;
    const std::string rest = own->point == "/" ? path : path.substr(own->point.size());
    inner += rest;
    if (inner.empty()) inner = "/";
  }
  for (const MountEntry& mount : mounts) {
    if (mount.point != path && is_within(mount.point, path)) {
      found.push_back(mounted_inside(path, mount));
    }
    if (mount.id == own_id || mount.device != raw.device || inner.empty()) continue;
    std::string way = mount.point;
    if (!is_within(mount.root, inner)) {
      if (!is_within(inner, mount.root)) continue;
      const std::string rest = mount.root == "/" ? inner : inner.substr(mount.root.size());
      if (way == "/") way.clear();
      way += rest;
    }
    Place there;
    const bool leads_in = is_within(mount.root, inner) && mount.root != inner;
    if (!look(way, there) || there.device != raw.device || (!leads_in && there.inode != raw.inode)) continue;
    found.push_back(reached_at(path, way, mount));
  }
}

}  // namespace

std::vector<std::string> find_bypasses(int raw_directory, const std::string& path, pid_t keeper) {
  std::vector<std::string> found;
  Place raw;
  if (!look("/proc/self/fd/" + std::to_string(raw_directory), raw)) return {"cannot look at " + path};
  report_mounts(raw_directory, path, raw, found);
  report_processes(raw_directory, path, raw, keeper, found);
  return found;
}

}  // namespace lockstep::linux_io

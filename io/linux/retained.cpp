#include "io/linux/retained.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U  // Linux 6.8: never used for another mount, unlike STATX_MNT_ID
#endif

namespace lockstep::io {

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

RetainedMarker::RetainedMarker(std::string marker_path, int directory_fd)
    : marker_path_(std::move(marker_path)), directory_fd_(directory_fd) {}

std::string RetainedMarker::evidence() const {
  const std::string boot = read_text("/proc/sys/kernel/random/boot_id");
  struct statx info {};
  if (boot.empty() ||
      ::statx(directory_fd_, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &info) != 0) {
    return {};
  }
  if ((info.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)) == 0) return {};
  std::ostringstream text;
  text << "boot " << boot << "mount " << info.stx_mnt_id << ((info.stx_mask & STATX_MNT_ID_UNIQUE) ? " unique" : "")
       << "\ndevice " << info.stx_dev_major << ":" << info.stx_dev_minor << "\ninode " << info.stx_ino << "\n";
  return text.str();
}

bool RetainedMarker::retained() {
  const std::string now = evidence();
  if (!now.empty() && read_text(marker_path_) == now) return true;
  ::unlink(marker_path_.c_str());
  return false;
}

std::string RetainedMarker::confirm() {
  const std::string now = evidence();
  if (now.empty()) return "cannot tell the mount of the replicated directory";
  // No fsync: the file must not outlive a power loss, and the boot it names does not either.
  const std::string temporary = marker_path_ + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  file << now;
  file.close();
  if (!file || ::rename(temporary.c_str(), marker_path_.c_str()) != 0) {
    return "cannot write " + marker_path_ + ": " + std::strerror(errno);
  }
  return {};
}

}  // namespace lockstep::io

#include "io/linux/retained.h"

#include "io/linux/boot_note.h"

#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U  // Linux 6.8: never used for another mount, unlike STATX_MNT_ID
#endif

namespace lockstep::io {

RetainedMarker::RetainedMarker(std::string marker_path, int directory_fd)
    : marker_path_(std::move(marker_path)), directory_fd_(directory_fd) {}

std::string RetainedMarker::evidence() const {
  const std::string boot = boot_line();
  struct statx info {};
  if (boot.empty() ||
      ::statx(directory_fd_, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &info) != 0) {
    return {};
  }
  if ((info.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)) == 0) return {};
  std::ostringstream text;
  text << boot << "mount " << info.stx_mnt_id << ((info.stx_mask & STATX_MNT_ID_UNIQUE) ? " unique" : "") << "\ndevice "
       << info.stx_dev_major << ":" << info.stx_dev_minor << "\ninode " << info.stx_ino << "\n";
  return text.str();
}

bool RetainedMarker::retained() {
  const std::string now = evidence();
  if (!now.empty() && read_note(marker_path_) == now) return true;
  ::unlink(marker_path_.c_str());
  return false;
}

std::string RetainedMarker::confirm() {
  const std::string now = evidence();
  if (now.empty()) return "cannot tell the mount of the replicated directory";
  return write_note(marker_path_, now);
}

}  // namespace lockstep::io

// A line of the kernel's mount table: users choose the names in it.
#include "engine/values/check.h"
#include "io/linux/guard_mounts.h"
#include "props/fuzz/targets.h"

#include <string>

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto entry = linux_io::parse_mount(std::string(input.text()));
  if (!entry) return false;
  LOCKSTEP_CHECK(!entry->type.empty() && !entry->source.empty(), "a mount has a type and a source");
  LOCKSTEP_CHECK(entry->point.size() <= input.size() && entry->root.size() <= input.size(), "names only get shorter");
  LOCKSTEP_CHECK(linux_io::is_within(entry->point, entry->point), "a directory is within itself");
  return true;
}

std::vector<Buffer> seeds() {
  return {
      Buffer::copy_of("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"),
      Buffer::copy_of(
          R"(41 36 0:52 / /srv/with\040space\134 rw,nosuid shared:5 - fuse.lockstep lockstep rw,user_id=0)"),
      Buffer::copy_of("42 36 0:53 / /srv/shop ro - tmpfs lockstep-guard ro,mode=0"),
  };
}

}  // namespace

const Target mount_table{"mount_table", accepts, seeds, 256, 50'000};

}  // namespace lockstep::fuzz

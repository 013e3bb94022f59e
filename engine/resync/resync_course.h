// What a returning node is to do to become the primary's equal, computed from what both trees hold.
#pragma once

#include "engine/marks.h"
#include "engine/resync/compared_part.h"
#include "engine/settings.h"
#include "engine/values/manifest.h"
#include "io/trace.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace lockstep::engine {

/// A region of a file whose contents the primary is asked for.
struct PullRegion {
  /// How it is compared.
  enum class By : std::uint8_t {
    chunks,
    blocks,   ///< its chunks are known to differ
    nothing,  ///< of a file that this resync has created: a hole
  };
  FileId file;
  std::uint64_t offset;
  std::uint64_t length;
  By by;
  bool ends_file = false;     ///< nothing of the file behind it is asked for but what turns out to differ
  std::uint64_t created = 0;  ///< by nothing: so many steps of the course have been taken once there is the file
};

struct ResyncCourse {
  bool fits = true;                ///< otherwise what was listed does not cover what differs, and there is no course
  std::vector<Operation> steps;    ///< first, in order: they make names and attributes the primary's
  std::vector<FileId> fresh;       ///< in order: objects whose contents are not known to be anything; of a part only
  std::deque<PullRegion> regions;  ///< of what the steps create first, in their order
  std::uint64_t bytes = 0;         ///< of all regions
  std::uint64_t files = 0;         ///< that the regions are of
  std::vector<Mark> marks;         ///< reached on the way
};

/// What a course is computed from. All of it is kept while that lasts, perhaps on another thread.
struct ResyncTrees {
  Manifest mine;
  Manifest theirs;
  std::optional<ComparedPart> part;  ///< nothing: everything is compared
};

/// Appends `whole`, in regions that one pull can have.
void add_regions(std::deque<PullRegion>& regions, PullRegion whole, const Settings& settings);

/// Pure.
ResyncCourse plot_course(const ResyncTrees& trees, const Settings& settings);

}  // namespace lockstep::engine

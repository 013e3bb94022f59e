#include "engine/resync/conflicting.h"

#include "engine/planted.h"

#include <unordered_map>
#include <unordered_set>

namespace lockstep::engine {

namespace {

bool attributes_differ(const ManifestObject& mine, const ManifestObject& theirs) {
  const Attributes& a = mine.attributes;
  const Attributes& b = theirs.attributes;
  const bool times_differ = !a.is_directory() && a.mtime_ns != b.mtime_ns;
  return times_differ || a.mode != b.mode || a.uid != b.uid || a.gid != b.gid || a.size_bytes != b.size_bytes ||
         a.rdev != b.rdev || mine.symlink_target != theirs.symlink_target || mine.xattrs != theirs.xattrs;
}

/// Files whose contents may differ.
class MayDiffer {
 public:
  explicit MayDiffer(const ComparedPart* part) : part_(part) {
    if (part == nullptr) return;
    for (const Touch& touch : part->touches) {
      if (touch.kind == TouchKind::region || touch.kind == TouchKind::onward) touched_.insert(touch.file);
    }
  }

  [[nodiscard]] bool contents_of(const ManifestObject& file) const {
    if (!file.attributes.is_regular() || file.attributes.size_bytes == 0) return false;
    return part_ == nullptr || touched_.contains(file.id) || is_young(file.id, part_->young_from);
  }

 private:
  const ComparedPart* part_;
  std::unordered_set<FileId> touched_;
};

}  // namespace

std::vector<ManifestObject> conflicting(const Manifest& mine, const Manifest& theirs, const ComparedPart* part,
                                        MarkSink mark) {
  std::unordered_map<FileId, const ManifestObject*> there;
  for (const ManifestObject& object : theirs.objects) there.emplace(object.id, &object);
  const MayDiffer may_differ(part);
  std::vector<ManifestObject> found;
  for (const ManifestObject& object : mine.objects) {
    if (object.id == FileId::root()) continue;
    const auto model = there.find(object.id);
    const bool removed = model == there.end();
    if (planted(removed ? Bug::removed_not_set_aside : Bug::replaced_not_set_aside)) continue;
    const bool young = part != nullptr && is_young(object.id, part->young_from);
    if (young && planted(Bug::young_not_set_aside)) continue;
    const bool contents = !removed && may_differ.contents_of(object);
    if (!removed && !contents && !attributes_differ(object, *model->second)) continue;
    mark(removed ? Mark::conflict_of_removed : contents ? Mark::conflict_of_contents : Mark::conflict_of_attributes);
    found.push_back(object);
  }
  return found;
}

}  // namespace lockstep::engine

#include "engine/resync/resync_course.h"

#include "engine/planted.h"
#include "engine/resync/reconcile_plan.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace lockstep::engine {

namespace {

/// Keeps marks, each once, for whoever may tell of them.
class MarkList final : public io::Trace {
 public:
  explicit MarkList(std::vector<Mark>& list) : marks_(list) {}
  void record(const io::TraceEvent& event) override {
    const auto* mark = std::get_if<io::Mark>(&event);
    if (mark == nullptr || std::exchange(reached_.at(mark->number), true)) return;
    marks_.push_back(static_cast<Mark>(mark->number));
  }

 private:
  std::vector<Mark>& marks_;
  std::array<bool, marks.size()> reached_{};
};

class Pulls {
 public:
  Pulls(const ResyncTrees& trees, const Settings& settings, ResyncCourse& course, MarkSink mark)
      : trees_(trees), settings_(settings), course_(course), mark_(mark) {
    for (std::size_t i = 0; i < course.steps.size(); ++i) {
      const Operation& step = course.steps[i];
      if (step.kind == OperationKind::create && step.attributes.is_regular()) created_.emplace_back(step.file, i + 1);
    }
    std::sort(created_.begin(), created_.end());
  }

  void find() {
    if (trees_.part) {
      find_part(*trees_.part);
    } else {
      for (const ManifestObject& object : trees_.theirs.objects) {
        if (object.attributes.is_regular()) pull(object.id, 0, object.attributes.size_bytes);
      }
    }
    std::deque<PullRegion>& regions = course_.regions;
    std::stable_sort(regions.begin(), regions.end(),
                     [this](const PullRegion& a, const PullRegion& b) { return turn_of(a) < turn_of(b); });
    for (std::size_t i = 0; i < regions.size(); ++i) {
      regions[i].ends_file = i + 1 == regions.size() || regions[i + 1].file != regions[i].file;
      if (regions[i].ends_file) ++course_.files;
    }
  }

 private:
  void pull(FileId file, std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    course_.bytes += end - begin;
    const auto known = std::lower_bound(created_.begin(), created_.end(), std::pair{file, std::uint64_t{0}});
    const bool created = known != created_.end() && known->first == file;
    PullRegion region{file, begin, end - begin, PullRegion::By::chunks};
    if (created) region.created = known->second;
    if (created || planted(Bug::every_file_taken_for_new)) region.by = PullRegion::By::nothing;
    add_regions(course_.regions, region, settings_);
  }

  [[nodiscard]] std::uint64_t turn_of(const PullRegion& region) const {
    return region.created != 0 ? region.created : course_.steps.size() + 1;
  }

  // What is fresh or young as a whole; of everything else what either node has listed.
  void find_part(const ComparedPart& part) {
    std::vector<Touch> touches = part.touches;
    std::sort(touches.begin(), touches.end());
    const std::uint64_t region_bytes = settings_.touch_region_bytes;
    for (const ManifestObject& object : trees_.theirs.objects) {
      if (!object.attributes.is_regular()) continue;
      const std::uint64_t size = object.attributes.size_bytes;
      const bool young = is_young(object.id, part.young_from) && !planted(Bug::young_not_compared);
      if (young || std::binary_search(course_.fresh.begin(), course_.fresh.end(), object.id)) {
        mark_(young ? Mark::pulls_young : Mark::pulls_fresh);
        pull(object.id, 0, size);
        continue;
      }
      const auto first = std::lower_bound(touches.begin(), touches.end(), Touch{object.id, {}, 0});
      std::uint64_t onward = size;
      for (auto touch = first; touch != touches.end() && touch->file == object.id; ++touch) {
        if (touch->kind == TouchKind::onward) onward = std::min(onward, touch->offset);
      }
      std::uint64_t reached = 0;
      for (auto touch = first; touch != touches.end() && touch->file == object.id; ++touch) {
        if (touch->kind != TouchKind::region || touch->offset < reached) continue;
        reached = std::min(onward, touch->offset + region_bytes);
        pull(object.id, touch->offset, reached);
      }
      if (onward < size) mark_(Mark::pulls_onward);
      pull(object.id, onward, size);
    }
  }

  const ResyncTrees& trees_;
  const Settings& settings_;
  ResyncCourse& course_;
  MarkSink mark_;
  std::vector<std::pair<FileId, std::uint64_t>> created_;  ///< in order: regular files, and after how many steps
};

}  // namespace

void add_regions(std::deque<PullRegion>& regions, PullRegion whole, const Settings& settings) {
  const std::uint64_t step = settings.pull_bytes_max();
  const std::uint64_t end = whole.offset + whole.length;
  const auto goes_on = [&] {
    return planted(Bug::resync_forgets_tail) ? whole.offset + step <= end : whole.offset < end;
  };
  for (; goes_on(); whole.offset += step) {
    whole.length = std::min(step, end - whole.offset);
    regions.push_back(whole);
  }
}

ResyncCourse plot_course(const ResyncTrees& trees, const Settings& settings) {
  ResyncCourse course;
  MarkList reached(course.marks);
  const MarkSink mark(reached);
  if (trees.part) {
    PartialPlan plan = plan_partial(trees.mine, trees.theirs, trees.part->young_from, mark);
    course.fits = plan.fits;
    if (!plan.fits) return course;
    course.steps = std::move(plan.steps);
    course.fresh = std::move(plan.fresh);
    std::sort(course.fresh.begin(), course.fresh.end());
  } else {
    course.steps = plan_reconcile(trees.mine, trees.theirs, mark);
  }
  Pulls(trees, settings, course, mark).find();
  return course;
}

}  // namespace lockstep::engine

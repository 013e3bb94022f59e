// However two trees have grown apart since they were equal, what both nodes have listed is enough to make them equal
// again: names, attributes and contents, also where an attempt was cut short. And whatever that changes or removes is
// among what is set aside where the trees are parts of two histories.
#include "engine/resync/conflicting.h"
#include "engine/resync/reconcile_plan.h"
#include "engine/resync/touch.h"
#include "sim/random.h"
#include "sim/volume/filesystem.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep {
namespace {

constexpr std::uint64_t region_bytes = 4096;
constexpr Period common = 5;  ///< what is older was equal on both disks

struct NoDisk : sim::ChangeListener {
  void inode_created(sim::InodeNumber) override {}
  void inode_will_change(sim::InodeNumber, const sim::InodeState&) override {}
  void names_changed(std::vector<sim::NameChange>) override {}
};

struct Step {
  std::uint8_t what, a, b, c;
};

std::vector<Step> arbitrary_steps() {
  std::vector<Step> steps;
  for (const auto& [what, a, b, c] :
       *rc::gen::arbitrary<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>>>()) {
    steps.push_back({what, a, b, c});
  }
  return steps;
}

/// One node: its tree, and what it has listed.
struct Node {
  NoDisk disk;
  sim::Filesystem filesystem;
  sim::Random identities;
  std::set<engine::Touch> listed;
  Period period = 1;
  std::int64_t clock_ns = 1'000'000'000;

  explicit Node(std::uint64_t seed) : filesystem(sim::Random(seed), disk), identities(seed + 100) {}

  sim::ApplyResult apply(const Operation& operation, io::Origin origin) {
    return filesystem.apply(operation, origin, clock_ns += 1000);
  }
  /// As a primary does it.
  sim::ApplyResult request(Operation operation) {
    const auto touches = engine::touches_of(operation, period, region_bytes);
    listed.insert(touches.begin(), touches.end());
    if (operation.kind == OperationKind::create) operation.file = {period, identities.next() | 256U};
    return apply(operation, io::Origin::application);
  }
  [[nodiscard]] Manifest manifest() const {
    Manifest whole = filesystem.manifest();
    std::sort(whole.objects.begin(), whole.objects.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::sort(whole.entries.begin(), whole.entries.end(),
              [](const auto& a, const auto& b) { return std::tie(a.parent, a.name) < std::tie(b.parent, b.name); });
    return whole;
  }
  [[nodiscard]] std::vector<std::byte> bytes(FileId file) const {
    const sim::Inode* inode = filesystem.find(file);
    return inode->content.read(0, inode->content.size());
  }
};

Operation operation_of(const Node& node, const Step& step) {
  const Manifest manifest = node.manifest();
  std::vector<FileId> directories;
  std::vector<FileId> files;
  for (const ManifestObject& object : manifest.objects) {
    if ((object.attributes.mode & 0170000U) == 0040000U) directories.push_back(object.id);
    if ((object.attributes.mode & 0170000U) == 0100000U) files.push_back(object.id);
  }
  const std::string names[] = {"a", "b", "c", "d"};
  Operation operation;
  operation.parent = directories[step.a % directories.size()];
  operation.name = names[step.b % 4];
  const FileId file = files.empty() ? FileId::root() : files[step.a % files.size()];
  switch (step.what % 10) {
    case 0:
    case 1:
    case 2:
      operation.kind = OperationKind::create;
      operation.attributes.mask = attribute_mode;
      operation.attributes.mode = step.c % 2 == 0 ? 0100644 : 0040755;
      return operation;
    case 3:
    case 4:
      operation.kind = OperationKind::rename;
      operation.new_parent = directories[step.c % directories.size()];
      operation.new_name = names[(step.b / 4) % 4];
      if (step.c % 7 == 0) operation.flags = flag_exchange;
      return operation;
    case 5:
      operation.kind = OperationKind::unlink;
      if (step.c % 2 == 0) operation.flags = flag_remove_directory;
      return operation;
    case 6:
      operation.kind = OperationKind::link;
      operation.file = file;
      return operation;
    case 7:
      operation = Operation{.kind = OperationKind::set_attributes};
      operation.file = file;
      operation.attributes.mask = attribute_size;
      operation.attributes.size_bytes = step.b * 100U;
      return operation;
    case 8:
      operation = Operation{.kind = OperationKind::set_attributes};
      operation.file = manifest.objects[step.a % manifest.objects.size()].id;
      operation.attributes.mask = attribute_mode | attribute_mtime;
      operation.attributes.mode = 0700U + step.c % 8;
      operation.attributes.mtime_ns = step.b;
      return operation;
    default:
      operation = Operation{.kind = OperationKind::write};
      operation.file = file;
      operation.offset = step.b * 97U;
      operation.data = Buffer(std::vector<std::byte>(1U + step.c, static_cast<std::byte>(step.what)));
      return operation;
  }
}

void grow(Node& node, Period period, const std::vector<Step>& steps) {
  node.period = period;
  for (const Step& step : steps) node.request(operation_of(node, step));
  node.filesystem.drop_nameless({});  // the application that had them open has ended
}

/// What the engine pulls of a file after a partial plan.
void pull(Node& mine, const Node& theirs, FileId file, bool whole, const std::set<engine::Touch>& both) {
  const auto wanted = theirs.bytes(file);
  for (std::uint64_t at = 0; at < wanted.size(); at += region_bytes) {
    const bool listed = std::any_of(both.begin(), both.end(), [&](const engine::Touch& touch) {
      return touch.file == file && ((touch.kind == engine::TouchKind::region && touch.offset == at) ||
                                    (touch.kind == engine::TouchKind::onward && touch.offset <= at));
    });
    if (!whole && !listed) continue;
    Operation fill{.kind = OperationKind::fill};
    fill.file = file;
    fill.offset = at;
    const std::size_t size = std::min<std::size_t>(region_bytes, wanted.size() - at);
    fill.data = Buffer::copy_of(std::span(wanted).subspan(at, size));
    fill.attributes.mask = attribute_mtime;
    fill.attributes.mtime_ns = theirs.filesystem.find(file)->attributes.mtime_ns;
    mine.apply(fill, io::Origin::stream);
  }
}

/// A resync of what was listed, of which only the first `steps_max` steps are made. Returns what would be set aside.
std::set<FileId> compare_listed(Node& mine, const Node& theirs, std::size_t steps_max) {
  std::set<engine::Touch> both = theirs.listed;
  both.insert(mine.listed.begin(), mine.listed.end());
  SurveyRequest request;
  request.young_from = common;
  for (const engine::Touch& touch : both) {
    (touch.kind == engine::TouchKind::names ? request.directories : request.objects).push_back(touch.file);
  }
  request.sort();
  const Manifest wanted = theirs.filesystem.survey(request);
  request.directories.insert(request.directories.end(), wanted.listed.begin(), wanted.listed.end());
  request.objects.clear();
  for (const ManifestObject& object : wanted.objects) request.objects.push_back(object.id);
  request.sort();
  const Manifest present = mine.filesystem.survey(request);
  const engine::ComparedPart part{request.young_from, {both.begin(), both.end()}};
  std::set<FileId> aside;
  for (const ManifestObject& object : engine::conflicting(present, wanted, &part)) aside.insert(object.id);
  const engine::PartialPlan plan = engine::plan_partial(present, wanted, request.young_from);
  RC_ASSERT(plan.fits);
  for (const FileId& id : plan.fresh) mine.listed.insert(engine::Touch::all_of(id));
  for (std::size_t i = 0; i < plan.steps.size() && i < steps_max; ++i) {
    const sim::ApplyResult result = mine.apply(plan.steps[i], io::Origin::stream);
    if (result.error != 0) RC_FAIL("errno " + std::to_string(result.error) + " from " + describe(plan.steps[i]));
  }
  if (steps_max <= plan.steps.size()) return aside;
  for (const ManifestObject& object : wanted.objects) {
    if ((object.attributes.mode & 0170000U) != 0100000U) continue;
    const bool fresh = std::find(plan.fresh.begin(), plan.fresh.end(), object.id) != plan.fresh.end();
    pull(mine, theirs, object.id, fresh || is_young(object.id, request.young_from), both);
  }
  return aside;
}

/// One object, as far as anything of it can be lost.
struct Seen {
  Attributes attributes;
  std::vector<std::byte> bytes;
  bool operator==(const Seen&) const = default;
};

std::map<FileId, Seen> seen_in(const Node& node) {
  std::map<FileId, Seen> seen;
  for (const ManifestObject& object : node.manifest().objects) {
    const bool directory = (object.attributes.mode & 0170000U) == 0040000U;
    Seen& one = seen[object.id];
    one.attributes = object.attributes;
    one.attributes.atime_ns = 0;
    if (directory) one.attributes.mtime_ns = 0;  // moves with its names
    if (!directory) one.bytes = node.bytes(object.id);
  }
  seen.erase(FileId::root());
  return seen;
}

void expect_equal(const Node& mine, const Node& theirs) {
  RC_ASSERT(mine.manifest() == theirs.manifest());
  for (const ManifestObject& object : mine.manifest().objects) {
    if ((object.attributes.mode & 0170000U) != 0100000U) continue;
    RC_ASSERT(mine.bytes(object.id) == theirs.bytes(object.id));
  }
}

void grow_apart(Node& mine, Node& theirs) {
  for (const Step& step : arbitrary_steps()) {
    const sim::ApplyResult result = theirs.request(operation_of(theirs, step));
    if (result.error == 0) RC_ASSERT(mine.apply(result.effect, io::Origin::stream).error == 0);
  }
  theirs.filesystem.drop_nameless({});
  mine.filesystem.drop_nameless({});
  theirs.listed.clear();  // a common checkpoint
  grow(theirs, common, arbitrary_steps());
  grow(theirs, common + 1, arbitrary_steps());
  grow(mine, common + 2, arbitrary_steps());
}

RC_GTEST_PROP(PartialPlan, MakesTreesEqualThatWereEqualAtACheckpoint, ()) {
  Node theirs(1);
  Node mine(2);
  grow_apart(mine, theirs);
  compare_listed(mine, theirs, SIZE_MAX);
  expect_equal(mine, theirs);
}

RC_GTEST_PROP(PartialPlan, AnAttemptThatIsCutShortIsMadeGoodByTheNext, ()) {
  Node theirs(1);
  Node mine(2);
  grow_apart(mine, theirs);
  compare_listed(mine, theirs, *rc::gen::inRange<std::size_t>(0, 12));
  grow(theirs, common + 3, arbitrary_steps());
  compare_listed(mine, theirs, SIZE_MAX);
  expect_equal(mine, theirs);
}

RC_GTEST_PROP(PartialPlan, ChangesNothingButWhatIsSetAside, ()) {
  Node theirs(1);
  Node mine(2);
  grow_apart(mine, theirs);
  const std::map<FileId, Seen> before = seen_in(mine);
  const std::set<FileId> aside = compare_listed(mine, theirs, SIZE_MAX);
  const std::map<FileId, Seen> after = seen_in(mine);
  for (const auto& [id, seen] : before) {
    const auto found = after.find(id);
    const bool as_it_was = found != after.end() && found->second == seen;
    RC_ASSERT(as_it_was || aside.contains(id));
  }
}

RC_GTEST_PROP(PartialPlan, GivesTheTreeThatComparingEverythingGives, ()) {
  Node theirs(1);
  Node mine(2);
  grow_apart(mine, theirs);
  compare_listed(mine, theirs, SIZE_MAX);
  RC_ASSERT(engine::plan_reconcile(mine.filesystem.manifest(), theirs.filesystem.manifest()).size() ==
            engine::plan_reconcile(theirs.filesystem.manifest(), theirs.filesystem.manifest()).size());
}

}  // namespace
}  // namespace lockstep

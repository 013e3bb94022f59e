// How a run goes on with what its process, or its machine, has left.
#include "props/exerciser/draw.h"
#include "props/exerciser/exerciser.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace lockstep::exerciser {
namespace {

/// Where the bytes of a call go.
struct Destination {
  std::size_t slot = 0;
  std::uint64_t offset = 0;
};

Destination destination_of(const Call& call, const TreeModel& tree) {
  if (call.kind != CallKind::write) return {call.target_slot, call.target_offset};
  const OpenFile& open = tree.open_file(call.slot);
  return {call.slot, (open.flags & O_APPEND) != 0 ? open.file->size() : call.offset};
}

/// A direct write goes as it is. Of a cached one the kernel makes a request of its own for the first page, if that is
/// not in the cache, and others where it runs out of room; they follow each other.
bool made_of_several_requests(const Call& call, const TreeModel& tree) {
  if (call.kind == CallKind::copy || call.kind == CallKind::send) return true;
  if (call.kind != CallKind::write || (tree.open_file(call.slot).flags & O_DIRECT) != 0) return false;
  const std::uint64_t offset = destination_of(call, tree).offset;
  return offset / page_bytes != (offset + call.length - 1) / page_bytes;
}

/// As far as what was found is what the call brings. `after`: the model with the whole call.
std::optional<Call> beginning_of(Call call, const TreeModel& before, const TreeModel& after,
                                 const std::map<std::string, FoundFile>& found) {
  if (!made_of_several_requests(call, before)) return std::nullopt;
  const Destination to = destination_of(call, before);
  const FileModel& whole = *after.open_file(to.slot).file;
  const auto there = found.find(after.name_of(whole));
  if (there == found.end()) return std::nullopt;
  const Bytes brought = whole.read(to.offset, call.length);
  std::uint64_t same = 0;
  while (same < brought.size() && to.offset + same < there->second.content.size() &&
         brought[same] == there->second.content[to.offset + same]) {
    ++same;
  }
  // Of a write, requests end where pages do.
  if (call.kind == CallKind::write && same < call.length) same -= std::min(same, (to.offset + same) % page_bytes);
  call.length = same;
  return call;
}

}  // namespace

void Exerciser::replay(std::uint64_t operations) {
  while (made_ < operations) {
    const Call call = draw_call(settings_.seed, ++made_, model_);
    model_.apply(call, data_of(settings_.seed, call));
    remember(call);
  }
}

Resumed Exerciser::resume(std::uint64_t reported) {
  replay(reported);
  const auto found = read_tree(live_.path(), ReadBy::cache);
  if (const auto before = difference(model_, found, Expect::survivors)) {
    if (made_ == settings_.operations) mismatch(*before);
    const Call next = draw_call(settings_.seed, made_ + 1, model_);
    if (!explained_by(next, found)) mismatch(fmt::format("{}, also with {}", *before, describe(next)));
  }
  model_.close_all();
  const std::uint64_t restored = restore(found);
  model_.sync_all();
  check_everything();
  return {made_, restored};
}

bool Exerciser::explained_by(const Call& call, const std::map<std::string, FoundFile>& found) {
  const Bytes data = data_of(settings_.seed, call);
  Call whole = call;
  // It has not returned, so its sync promises nothing.
  if (whole.kind == CallKind::store_and_sync) whole.kind = CallKind::store;
  TreeModel after = model_;
  after.apply(whole, data);
  if (!difference(after, found, Expect::survivors)) {
    model_ = std::move(after);
    ++made_;
    return true;
  }
  const auto beginning = beginning_of(call, model_, after, found);
  if (!beginning) return false;
  TreeModel part = model_;
  part.apply(*beginning, std::span(data).first(call.kind == CallKind::write ? beginning->length : 0));
  return !difference(part, found, Expect::survivors);
}

std::uint64_t Exerciser::restore(const std::map<std::string, FoundFile>& found) {
  std::set<const FileModel*> restored;
  for (const auto& [name, file] : model_.names()) {
    if (found.at(name).content == file->content() || !restored.insert(file.get()).second) continue;
    std::ofstream stream(live_.path() + "/" + name, std::ios::binary | std::ios::trunc);
    stream.exceptions(std::ios::failbit | std::ios::badbit);
    stream.write(reinterpret_cast<const char*>(file->content().data()), static_cast<std::streamsize>(file->size()));
    stream.close();
  }
  return restored.size();
}

}  // namespace lockstep::exerciser

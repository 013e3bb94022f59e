#include "engine/verify/mismatch_list.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace lockstep::engine {

namespace {
bool of_names(MismatchKind kind) { return kind == MismatchKind::names || kind == MismatchKind::attributes; }
}  // namespace

void MismatchList::add(KnownMismatch found) {
  const Key key{found.file, found.kind, found.offset};
  if (!known_.contains(key) && known_.size() >= context_.settings.mismatches_listed_max) {
    context_.mark(Mark::mismatches_beyond_list);
    ++beyond_;
    return;
  }
  KnownMismatch& known = known_[key];
  // Looked at again it may have been come upon without its directory's path.
  if (found.path.starts_with("...") && !known.path.empty()) found.path = known.path;
  known = std::move(found);
}

void MismatchList::region_equal(FileId file, std::uint64_t begin, std::uint64_t end) {
  for (const MismatchKind kind :
       {MismatchKind::contents, MismatchKind::unreadable_here, MismatchKind::unreadable_there}) {
    auto known = known_.lower_bound({file, kind, begin});
    while (known != known_.end() && known->first < Key{file, kind, end}) {
      if (known->second.directory == FileId::none()) context_.mark(Mark::mismatch_gone);
      known = known_.erase(known);
    }
  }
}

void MismatchList::directory_done(FileId directory, std::uint64_t since) {
  std::erase_if(
      known_, [&](const auto& entry) { return entry.second.directory == directory && entry.second.found_by < since; });
}

void MismatchList::gone(FileId file) {
  std::erase_if(known_, [&](const auto& entry) { return entry.second.file == file || entry.second.directory == file; });
}

void MismatchList::everything_done(std::uint64_t since) {
  std::erase_if(known_, [&](const auto& entry) { return entry.second.found_by < since; });
}

bool MismatchList::names_among() const {
  return std::any_of(known_.begin(), known_.end(), [](const auto& entry) { return of_names(entry.second.kind); });
}

bool MismatchList::unreadable_here_among() const {
  return std::any_of(known_.begin(), known_.end(),
                     [](const auto& entry) { return entry.second.kind == MismatchKind::unreadable_here; });
}

std::vector<Mismatch> MismatchList::all() const {
  std::vector<Mismatch> list;
  const std::uint64_t step = context_.settings.pull_chunk_bytes;
  for (const auto& [key, known] : known_) {
    Mismatch mismatch{known.file, known.kind, known.path, 0, 0, known.error};
    if (known.chunks != 0) {
      const auto first = static_cast<std::uint64_t>(std::countr_zero(known.chunks));
      mismatch.offset = known.offset + first * step;
      mismatch.length = (static_cast<std::uint64_t>(std::bit_width(known.chunks)) - first) * step;
    }
    list.push_back(std::move(mismatch));
  }
  return list;
}

std::vector<VerifyItem> MismatchList::items() const {
  const std::uint64_t region = std::uint64_t{context_.settings.pull_chunk_bytes} * context_.settings.verify_chunks;
  std::vector<VerifyItem> items;
  std::set<FileId> directories;
  for (const auto& [key, known] : known_) {
    if (known.directory == FileId::none()) {
      items.push_back(
          VerifyItem{.id = known.file, .path = known.path, .offset = known.offset, .end = known.offset + region});
    } else if (directories.insert(known.directory).second) {
      const bool itself = known.file == known.directory;
      items.push_back(VerifyItem{
          .id = known.directory, .is_directory = true, .path = itself ? known.path : "...", .descends = false});
    }
  }
  return items;
}

std::vector<Touch> MismatchList::touches() const {
  std::vector<Touch> touches;
  for (const auto& [key, known] : known_) {
    if (!of_names(known.kind)) continue;
    touches.push_back({known.directory, TouchKind::names, 0});
    touches.push_back({known.file, TouchKind::attributes, 0});
  }
  return touches;
}

}  // namespace lockstep::engine

#include "props/exerciser/comparison.h"

#include <fmt/format.h>

namespace lockstep::exerciser {
namespace {

std::string byte_at(const Bytes& content, std::uint64_t offset) {
  if (offset >= content.size()) return fmt::format("the end ({} bytes)", content.size());
  return fmt::format("0x{:02x}", static_cast<unsigned>(content[offset]));
}

std::optional<std::string> difference_of_names(const TreeModel& model, const std::map<std::string, FoundFile>& found) {
  for (const auto& [name, file] : model.names()) {
    if (!found.contains(name)) return fmt::format("file {}: is not there ({} bytes)", name, file->size());
  }
  for (const auto& [name, file] : found) {
    if (!model.names().contains(name)) {
      return fmt::format("file {}: should not be there ({} bytes)", name, file.content.size());
    }
  }
  return std::nullopt;
}

std::optional<std::string> difference_of_links(const TreeModel& model, const std::map<std::string, FoundFile>& found) {
  std::map<const FileModel*, std::pair<std::string, ino_t>> seen;
  for (const auto& [name, file] : model.names()) {
    const FoundFile& there = found.at(name);
    if (there.links != model.links(*file)) {
      return fmt::format("file {}: has {} links instead of {}", name, there.links, model.links(*file));
    }
    const auto [first, is_first] = seen.try_emplace(file.get(), name, there.inode);
    if (!is_first && first->second.second != there.inode) {
      return fmt::format("file {}: is not the same file as {}", name, first->second.first);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string describe_difference(const std::string& file, const FileModel& model, const Bytes& found,
                                std::uint64_t offset) {
  std::uint64_t wrong = 0;
  std::uint64_t last = offset;
  for (std::uint64_t at = offset; at < std::min<std::uint64_t>(model.size(), found.size()); ++at) {
    if (model.content()[at] == found[at]) continue;
    ++wrong;
    last = at;
  }
  std::string text = fmt::format("file {}, offset {}: {} instead of {}", file, offset, byte_at(found, offset),
                                 byte_at(model.content(), offset));
  if (wrong > 1) text += fmt::format(", {} bytes up to {}", wrong, last);
  if (model.size() != found.size()) text += fmt::format("; {} bytes long instead of {}", found.size(), model.size());
  return text;
}

std::optional<std::string> difference(const TreeModel& model, const std::map<std::string, FoundFile>& found,
                                      Expect expect) {
  if (auto text = difference_of_names(model, found)) return text;
  for (const auto& [name, file] : model.names()) {
    const Bytes& content = found.at(name).content;
    if (const auto offset = file->first_difference(content, expect)) {
      return describe_difference(name, *file, content, *offset);
    }
  }
  return difference_of_links(model, found);
}

}  // namespace lockstep::exerciser

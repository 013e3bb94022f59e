// What the directory must hold: names, the files that they lead to, and what is open.
#pragma once

#include "props/exerciser/file_model.h"

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace lockstep::exerciser {

/// A file that is open; without a name left it lives until it is closed.
struct OpenFile {
  std::shared_ptr<FileModel> file;  ///< null: nothing is open here
  int flags = 0;                    ///< of open(2)

  [[nodiscard]] bool is_open() const { return file != nullptr; }
  [[nodiscard]] bool readable() const;
  [[nodiscard]] bool writable() const;
};

class TreeModel {
 public:
  TreeModel() = default;
  /// A tree of its own: files are copied, and names that lead to one file lead to one copy.
  TreeModel(const TreeModel& other);
  TreeModel& operator=(TreeModel other);
  TreeModel(TreeModel&&) = default;
  ~TreeModel() = default;

  /// Makes the change, and says what the call must return. `data`: of write and store.
  Outcome apply(const Call& call, std::span<const std::byte> data);
  /// Its process has ended.
  void close_all() { open_ = {}; }
  /// Whatever is there has been written anew.
  void sync_all();

  [[nodiscard]] const std::map<std::string, std::shared_ptr<FileModel>>& names() const { return names_; }
  [[nodiscard]] const OpenFile& open_file(std::size_t slot) const { return open_.at(slot); }
  /// One of its names, or nothing.
  [[nodiscard]] std::string name_of(const FileModel& file) const;
  /// How many names lead to it.
  [[nodiscard]] std::uint64_t links(const FileModel& file) const;

 private:
  using Names = std::map<std::string, std::shared_ptr<FileModel>>;

  std::int64_t open(const Call& call);
  std::int64_t write(const Call& call, std::span<const std::byte> data);
  std::int64_t resize(const Call& call);
  void allocate(const Call& call);
  std::int64_t rename(const Call& call);
  std::int64_t link(const Call& call);
  std::int64_t copy(const Call& call);
  FileModel& file(const Call& call) { return *open_.at(call.slot).file; }

  Names names_;
  std::array<OpenFile, slots> open_;
};

}  // namespace lockstep::exerciser

// Draws the next operation that a user asks for, with an eye on what the tree holds.
#pragma once

#include "engine/values/operation.h"
#include "sim/random.h"
#include "sim/scenario/mix.h"
#include "sim/volume/filesystem.h"

#include <vector>

namespace lockstep::sim {

class OperationSource {
 public:
  explicit OperationSource(const Mix& mix) : mix_(mix) {}

  /// A few of the operations drawn fail (a name that exists, a directory that is not empty): users do that too.
  /// `random`: the numbers of this one operation.
  Operation draw(Random random, const Filesystem& filesystem);

 private:
  struct Name {
    FileId parent;
    std::string name;
    bool directory;
  };
  /// What the tree holds, as far as names lead to it.
  struct Survey {
    std::vector<FileId> directories;
    std::vector<FileId> files;
    std::vector<FileId> objects;
    std::vector<Name> names;
  };

  [[nodiscard]] static Survey survey(const Filesystem& filesystem);
  Operation draw_namespace(const Survey& survey);
  Operation draw_contents(const Survey& survey, const Filesystem& filesystem);
  Operation create(FileId parent);
  Operation write(FileId file, const Filesystem& filesystem);
  Operation set_attributes(const Survey& survey, const Filesystem& filesystem);
  Operation sync(const Survey& survey);
  FileId any_file(const Survey& survey);
  std::string draw_name();
  Buffer draw_bytes(std::size_t size);

  Random random_{0};  ///< of the operation that is being drawn
  Mix mix_;
  std::vector<FileId> open_files_;  ///< kept open by their users, perhaps beyond their last name
};

}  // namespace lockstep::sim

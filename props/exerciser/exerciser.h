// Makes random operations in a directory and holds everything that comes of them against a model in memory.
#pragma once

#include "props/exerciser/comparison.h"
#include "props/exerciser/live_directory.h"
#include "props/exerciser/tree_model.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace lockstep::exerciser {

struct Settings {
  std::string directory;
  std::uint64_t seed = 1;
  std::uint64_t operations = 100'000;
  std::uint64_t check_every = 1'000;
};

/// The directory is not what the model says; names file, offset, operation and seed.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The directory went away: its mount has ended.
struct Interrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a run goes on after it was interrupted.
struct Resumed {
  std::uint64_t after = 0;     ///< the last operation that has been made
  std::uint64_t restored = 0;  ///< files in which an operation was half made or stores were lost, as is allowed
};

class Exerciser {
 public:
  /// Throws std::system_error if the directory cannot be used.
  explicit Exerciser(Settings settings);

  /// The first run: the directory is to be empty. Throws std::system_error.
  void begin();
  /// The process that made the operations 1 to `reported`, and perhaps one more, has ended, and perhaps its machine.
  ///
  /// Allowed are the tree after `reported` operations; the tree after one more; and where the kernel may make several
  /// requests of that one (a copy, a cached write that goes over a page's end) a beginning of it. In each of them, a
  /// page into which was stored without a sync since may be as before any of those stores. What is allowed is then
  /// brought to the state that the model goes on with. Throws Mismatch, std::system_error.
  Resumed resume(std::uint64_t reported);
  /// Up to the last operation; `report` is called after each. Throws Mismatch, Interrupted.
  void run(const std::function<void(std::uint64_t)>& report);
  /// The latest operations, for who looks for the cause of a mismatch.
  [[nodiscard]] const std::deque<Call>& recent() const { return recent_; }

 private:
  // exerciser.cpp
  void make(Call call);
  void check_size(std::size_t slot);
  void check_everything();
  void check_nameless();
  void remember(const Call& call);
  [[noreturn]] void mismatch(const std::string& what) const;

  // resume.cpp
  void replay(std::uint64_t operations);
  /// `call` may have been made, wholly or in part: takes that into the model if it was whole. Whether it explains all.
  bool explained_by(const Call& call, const std::map<std::string, FoundFile>& found);
  std::uint64_t restore(const std::map<std::string, FoundFile>& found);

  Settings settings_;
  LiveDirectory live_;
  TreeModel model_;
  std::uint64_t made_ = 0;
  std::deque<Call> recent_;
};

}  // namespace lockstep::exerciser

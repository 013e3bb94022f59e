// The exerciser passes on a directory that holds what is written, and says so where one does not.
#include "props/exerciser/exerciser.h"

#include "props/exerciser/draw.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::exerciser {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t operations = 2'000;
constexpr std::uint64_t middle = 1'000;
constexpr std::uint64_t check_every = 100;
constexpr std::uint64_t checked = 1'100;

class ExerciserTest : public testing::Test {
 protected:
  ExerciserTest() {
    std::string path = testing::TempDir() + "exerciser.XXXXXX";
    directory_ = ::mkdtemp(path.data());
  }
  ~ExerciserTest() override { fs::remove_all(directory_); }

  [[nodiscard]] Settings settings(std::uint64_t until = operations) const {
    return {directory_, seed, until, check_every};
  }

  /// Makes the first operations, and leaves what they made.
  void leave(std::uint64_t until) {
    Exerciser first(settings(until));
    first.begin();
    first.run([](std::uint64_t) {});
  }

  /// A file that is not empty.
  [[nodiscard]] fs::path some_file() const {
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file() && entry.file_size() != 0) return entry.path();
    }
    ADD_FAILURE() << "there is no file with contents";
    return {};
  }

  static void flip(const fs::path& path, std::uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  /// What a run says when `harm` is done to the directory one operation before everything is read back.
  template <typename Harm>
  std::string mismatch_after(Harm harm) {
    try {
      Exerciser exerciser(settings());
      exerciser.begin();
      exerciser.run([&](std::uint64_t number) {
        if (number == checked - 1) harm();
      });
    } catch (const Mismatch& mismatch) {
      return mismatch.what();
    }
    return {};
  }
  static void expect_names(const std::string& text, const std::string& what) {
    EXPECT_NE(text.find(what), std::string::npos) << "\"" << text << "\" does not name " << what;
  }
  [[nodiscard]] std::string name_of(const fs::path& path) const { return fs::relative(path, directory_).string(); }

  static constexpr std::uint64_t seed = 4711;
  std::string directory_;
};

TEST_F(ExerciserTest, a_plain_directory_is_equal_to_the_model) {
  std::uint64_t reported = 0;
  Exerciser exerciser(settings());
  exerciser.begin();
  exerciser.run([&](std::uint64_t number) { EXPECT_EQ(number, ++reported); });
  EXPECT_EQ(reported, operations);
}

TEST_F(ExerciserTest, a_flipped_byte_is_reported_with_file_offset_operation_and_seed) {
  std::string place;
  const std::string text = mismatch_after([&] {
    const fs::path file = some_file();
    const std::uint64_t offset = fs::file_size(file) / 2;
    place = "file " + name_of(file) + ", offset " + std::to_string(offset) + ": 0x";
    flip(file, offset);
  });
  expect_names(text, place);
  expect_names(text, "operation " + std::to_string(checked));
  expect_names(text, "seed " + std::to_string(seed));
}

TEST_F(ExerciserTest, an_operation_undone_is_reported) {
  expect_names(mismatch_after([&] {
                 const fs::path file = some_file();
                 fs::resize_file(file, fs::file_size(file) - 1);
               }),
               "bytes long instead of");
  fs::remove_all(directory_);
  fs::create_directory(directory_);
  EXPECT_NE(mismatch_after([&] { fs::remove(some_file()); }), "");
  fs::remove_all(directory_);
  fs::create_directory(directory_);
  EXPECT_NE(mismatch_after([&] { std::ofstream(directory_ + "/nobody-made-it"); }), "");
}

TEST_F(ExerciserTest, goes_on_where_another_process_has_ended) {
  leave(middle);
  Exerciser second(settings());
  EXPECT_EQ(second.resume(middle).after, middle);
  std::uint64_t first_reported = 0;
  second.run([&](std::uint64_t number) {
    if (first_reported == 0) first_reported = number;
  });
  EXPECT_EQ(first_reported, middle + 1);
}

TEST_F(ExerciserTest, the_operation_that_was_not_reported_may_have_been_made) {
  leave(middle);
  Exerciser second(settings());
  const std::uint64_t after = second.resume(middle - 1).after;
  EXPECT_GE(after, middle - 1);
  EXPECT_LE(after, middle);
  EXPECT_NO_THROW(second.run([](std::uint64_t) {}));
}

TEST_F(ExerciserTest, an_operation_that_was_reported_must_have_been_made) {
  leave(middle);
  // Ten operations change something.
  Exerciser second(settings());
  EXPECT_THROW(second.resume(middle + 10), Mismatch);
}

TEST_F(ExerciserTest, a_byte_that_was_lost_with_the_machine_is_reported) {
  leave(middle);
  const fs::path file = some_file();
  const std::uint64_t offset = fs::file_size(file) - 1;
  flip(file, offset);
  Exerciser second(settings());
  try {
    second.resume(middle);
    FAIL() << "nothing is reported";
  } catch (const Mismatch& mismatch) {
    expect_names(mismatch.what(), "file " + name_of(file) + ", offset " + std::to_string(offset));
    expect_names(mismatch.what(), "operation " + std::to_string(middle));
    expect_names(mismatch.what(), "seed " + std::to_string(seed));
  }
}

/// The parameter: of which kind is the operation that was half made.
class HalfMadeTest : public ExerciserTest, public testing::WithParamInterface<CallKind> {
 protected:
  /// Leaves what a process has that ended in the middle of its first longer operation of this kind.
  HalfMadeTest() {
    do {
      call_ = draw_call(seed, call_.number + 1, model_);
      if (is_long()) break;
      model_.apply(call_, data_of(seed, call_));
    } while (call_.number < operations);
    leave(call_.number - 1);
    const Bytes whole = call_.kind == CallKind::copy ? source().read(call_.offset, call_.length) : data_of(seed, call_);
    // Up to the end of a page.
    half_ = call_.length / 2 - (begin() + call_.length / 2) % page_bytes;
    put(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(half_)));
  }
  [[nodiscard]] const FileModel& source() const { return *model_.open_file(call_.slot).file; }
  [[nodiscard]] const OpenFile& target() const {
    return model_.open_file(call_.kind == CallKind::copy ? call_.target_slot : call_.slot);
  }
  [[nodiscard]] std::uint64_t begin() const {
    return call_.kind == CallKind::copy ? call_.target_offset : call_.offset;
  }
  [[nodiscard]] bool is_long() const {
    if (call_.kind != GetParam() || call_.length < 4 * page_bytes || call_.zeros) return false;
    return (target().flags & (O_APPEND | O_DIRECT)) == 0 && !model_.name_of(*target().file).empty();
  }
  [[nodiscard]] std::string path() const { return directory_ + "/" + model_.name_of(*target().file); }
  void put(const Bytes& bytes) const {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(begin()));
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  TreeModel model_;
  Call call_;
  std::uint64_t half_ = 0;
};

TEST_P(HalfMadeTest, a_beginning_is_allowed) {
  Exerciser second(settings());
  const Resumed resumed = second.resume(call_.number - 1);
  EXPECT_EQ(resumed.after, call_.number - 1);
  EXPECT_EQ(resumed.restored, 1);
  EXPECT_NO_THROW(second.run([](std::uint64_t) {}));
}

TEST_P(HalfMadeTest, anything_else_in_its_place_is_not) {
  flip(path(), begin() + half_ / 2);
  Exerciser second(settings());
  EXPECT_THROW(second.resume(call_.number - 1), Mismatch);
}

INSTANTIATE_TEST_SUITE_P(Of, HalfMadeTest, testing::Values(CallKind::copy, CallKind::write));

TEST_F(ExerciserTest, refuses_a_directory_that_is_not_empty) {
  leave(middle);
  EXPECT_THROW(Exerciser(settings()).begin(), std::system_error);
}

}  // namespace
}  // namespace lockstep::exerciser

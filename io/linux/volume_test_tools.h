// For tests only: filesystems of their own, a loop that is turned by hand, and volumes on them. Needs root.
#pragma once

#include "io/event_sink.h"
#include "io/linux/volume.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::linux_io::test {

inline const FileId root = FileId::root();

/// False: the test cannot run here (not root). The first call moves this process into a mount namespace of its
/// own, so that nothing it mounts is left behind however it ends; call it before starting threads.
bool prepared();

/// Runs a shell command and returns its exit status; its output goes to the test's.
int shell(const std::string& command);
std::string shell_output(const std::string& command);
std::string read_text(const std::string& path);
/// Returns errno.
int write_text(const std::string& path, const std::string& text);

/// An empty filesystem (`ext4` or `xfs`) in a file, mounted.
class LoopFilesystem {
 public:
  explicit LoopFilesystem(const std::string& type);
  ~LoopFilesystem();
  LoopFilesystem(const LoopFilesystem&) = delete;
  LoopFilesystem& operator=(const LoopFilesystem&) = delete;
  [[nodiscard]] const std::string& path() const { return mount_point_; }

 private:
  std::string base_;
  std::string mount_point_;
};

class RecordingSink final : public io::EventSink {
 public:
  void post(io::Event event) override { events.push_back(std::move(event)); }
  std::deque<io::Event> events;
};

/// A volume on a fresh filesystem, with a loop of its own.
class TestVolume {
 public:
  explicit TestVolume(const std::string& type);
  ~TestVolume();
  TestVolume(const TestVolume&) = delete;
  TestVolume& operator=(const TestVolume&) = delete;

  [[nodiscard]] const std::string& path() const { return filesystem_.path(); }
  LinuxVolume& volume() { return *volume_; }
  boost::asio::io_context& loop() { return loop_; }
  /// What the volume has answered and nobody has taken.
  [[nodiscard]] const std::deque<io::Event>& answers() const { return sink_.events; }
  void run_until_answers(std::size_t count);
  /// The oldest of them are not looked at any more.
  void take(std::size_t count);
  /// As a new process would find it. `meanwhile` runs while nothing is open.
  void reopen(
      VolumeLimits limits = {}, const std::function<void()>& meanwhile = [] {});

  io::Applied apply(const Operation& operation, io::Origin origin);
  io::Applied request(const Operation& operation) { return apply(operation, io::Origin::application); }
  io::Applied stream(const Operation& operation) { return apply(operation, io::Origin::stream); }
  int sync(FileId file, bool data_only = false);
  Manifest scan();
  /// The answer to a scan() that was called on the volume, all of its parts.
  Manifest scanned();
  Manifest survey(const SurveyRequest& request);
  io::Scanned list(FileId directory, const std::string& from, std::uint32_t entries_max);
  std::vector<std::uint64_t> digest(FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk);
  /// The answer to a digest() that was called on the volume.
  io::Digested digested();
  io::RegionRead read(FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk = 4096);
  int set_aside(FileId object, const Conflict& conflict);
  FileId find(const FileId& parent, const std::string& name);

 private:
  template <typename Wanted>
  Wanted await();

  LoopFilesystem filesystem_;
  boost::asio::io_context loop_;
  boost::asio::thread_pool workers_{1};
  RecordingSink sink_;
  std::optional<LinuxVolume> volume_;
};

/// An application that changes names and attributes all the time, at random, also of what others have removed.
class RestlessApplication {
 public:
  RestlessApplication(TestVolume& volume, unsigned seed);
  Operation drawn_operation();
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_()) % bound; }
  /// To be told of what has taken effect, if what it creates is to be used as well.
  void learn(const Operation& effect);

 private:
  static constexpr int directories = 30;
  static constexpr int files = 1000;
  std::string drawn_name() { return "f" + std::to_string(below(100)); }
  std::string drawn_directory() { return "d" + std::to_string(below(directories + 5)); }
  FileId pick(const std::vector<FileId>& from) { return from[below(static_cast<unsigned>(from.size()))]; }

  TestVolume& volume_;
  std::mt19937 random_;
  std::vector<FileId> directories_;
  std::vector<FileId> files_;
};

Manifest in_order(Manifest manifest);

Operation create_operation(FileId parent, const std::string& name, std::uint32_t mode, const std::string& target = {});
Operation write_operation(FileId file, std::uint64_t offset, const std::string& text);
Operation link_operation(FileId file, FileId parent, const std::string& name);
Operation unlink_operation(FileId parent, const std::string& name, std::uint32_t flags = 0);
Operation rename_operation(FileId parent, const std::string& name, FileId new_parent, const std::string& new_name,
                           std::uint32_t flags = 0);
Operation attributes_operation(FileId file, const Attributes& attributes);
Operation xattr_operation(FileId file, const std::string& name, const std::string& value);

}  // namespace lockstep::linux_io::test

// A thread that writes contents of files, so that whoever receives them can go on receiving.
#pragma once

#include "engine/values/buffer.h"
#include "io/linux/object_descriptor.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lockstep::linux_io {

/// Writes all of `data` unless the filesystem refuses, which the errno says; `done` counts what was written.
int write_fully(int fd, const Buffer& data, std::uint64_t offset, std::size_t& done);

/// In the order in which it is given them. Used on one thread, beside its own.
class ContentsWriter {
 public:
  /// `written`: told on the writer's thread that there is something to take() which nobody was told of. Throws
  /// std::system_error where the system has no thread left.
  explicit ContentsWriter(std::function<void()> written);
  /// Waits for what is under way; what has not begun is not written.
  ~ContentsWriter();
  ContentsWriter(const ContentsWriter&) = delete;
  ContentsWriter& operator=(const ContentsWriter&) = delete;

  /// Who gives more waits until it holds less than this: more than a resync asks for at a time, so that its loop never
  /// stands still for a slow disk.
  static constexpr std::size_t waiting_bytes_max = std::size_t{32} << 20U;

  void write(OpenObjectPtr file, std::uint64_t offset, Buffer data);
  /// Of what was written since the last call, in order: 0 or an errno. Once there is one, ECANCELED for all that comes
  /// behind it, of which nothing is written.
  std::vector<int> take();
  /// Until everything is written.
  void wait();
  /// After wait(): what failed is history.
  void begin_anew();

 private:
  struct Write {
    OpenObjectPtr file;
    std::uint64_t offset;
    Buffer data;
  };
  void run();

  const std::function<void()> written_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable given_;
  std::condition_variable done_;
  std::deque<Write> waiting_;
  std::size_t waiting_bytes_ = 0;  ///< with what is under way
  std::vector<int> results_;
  bool under_way_ = false;
  bool failed_ = false;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace lockstep::linux_io

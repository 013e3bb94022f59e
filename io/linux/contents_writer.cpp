#include "io/linux/contents_writer.h"

#include <cerrno>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace lockstep::linux_io {

int write_fully(int fd, const Buffer& data, std::uint64_t offset, std::size_t& done) {
  done = 0;
  while (done < data.size()) {
    const ssize_t count = ::pwrite(fd, data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    done += static_cast<std::size_t>(count);
  }
  return 0;
}

ContentsWriter::ContentsWriter(std::function<void()> written) : written_(std::move(written)) {
  thread_ = std::thread([this] { run(); });
}

ContentsWriter::~ContentsWriter() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  given_.notify_one();
  thread_.join();
}

void ContentsWriter::write(OpenObjectPtr file, std::uint64_t offset, Buffer data) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return waiting_bytes_ <= waiting_bytes_max; });
  waiting_bytes_ += data.size();
  waiting_.push_back({std::move(file), offset, std::move(data)});
  if (!under_way_) given_.notify_one();
}

std::vector<int> ContentsWriter::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

void ContentsWriter::wait() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return waiting_.empty() && !under_way_; });
}

void ContentsWriter::begin_anew() {
  const std::lock_guard lock(mutex_);
  failed_ = false;
}

void ContentsWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    given_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (ends_) return;
    const bool failed = failed_;
    under_way_ = true;
    std::size_t bytes = 0;
    int error = 0;
    {
      const Write next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      bytes = next.data.size();
      std::size_t done = 0;
      error = failed ? ECANCELED : write_fully(next.file->fd(), next.data, next.offset, done);
      // Here it lets go of the file, which may close it, and of the memory.
    }
    lock.lock();
    under_way_ = false;
    waiting_bytes_ -= bytes;
    failed_ = failed_ || error != 0;
    const bool first = results_.empty();
    results_.push_back(error);
    done_.notify_one();
    if (!first) continue;
    lock.unlock();
    written_();
    lock.lock();
  }
}

}  // namespace lockstep::linux_io

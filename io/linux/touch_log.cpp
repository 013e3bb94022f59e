#include "io/linux/touch_log.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/touch_log_format.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>

namespace lockstep::io {

class FileTouchLog::Impl {
 public:
  Impl(EventLoop& loop, EventQueue& queue, std::string path, int fd, std::uint32_t blocks, Report report)
      : loop_(loop), queue_(queue), path_(std::move(path)), fd_(fd), blocks_(blocks), report_(std::move(report)) {
    writer_ = std::thread([this] { write_calls(); });
  }

  ~Impl() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    writer_.join();
    *alive_ = false;
    if (fd_ >= 0) ::close(fd_);
  }

  void begin(Ticket ticket, bool replaces, Buffer records) {
    {
      const std::scoped_lock lock(mutex_);
      calls_.push_back({ticket, replaces, std::move(records)});
    }
    wake_.notify_one();
  }

 private:
  struct Call {
    Ticket ticket;
    bool replaces;
    Buffer records;
  };

  void write_calls() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !calls_.empty(); });
      if (calls_.empty()) return;
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      write(call);
      loop_.post_from_any_thread([this, alive = alive_, ticket = call.ticket] {
        if (*alive) queue_.post(TouchesLogged{ticket});
      });
      lock.lock();
    }
  }

  void write(const Call& call) {
    if (!call.replaces) {
      LOCKSTEP_CHECK(fd_ >= 0, "a list of touches that could not be read is written anew before anything is added");
      if (const int error = append_touches(fd_, blocks_, call.records); error != 0) stop_process(error);
      blocks_ += touch_blocks_of(call.records);
      return;
    }
    const ReplacedTouches replaced = replace_touches(path_, call.records);
    if (replaced.fd < 0) stop_process(replaced.error);
    if (fd_ >= 0) ::close(fd_);
    fd_ = replaced.fd;
    blocks_ = replaced.blocks;
  }

  /// After a failed write or fsync nobody knows what the disk holds, and what is not listed must not be changed.
  [[noreturn]] void stop_process(int error) {
    const std::string text = "cannot write " + path_ + ": " + std::strerror(error) +
                             ": this server takes no part until the disk is in order; then start it again";
    report_(Severity::error, text);
    check_failed("the list of touches can be written", text, __FILE__, __LINE__);
  }

  EventLoop& loop_;
  EventQueue& queue_;
  const std::string path_;
  int fd_;  ///< these two: writer thread only, once it runs
  std::uint32_t blocks_;
  const Report report_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Call> calls_;
  bool ending_ = false;
  /// Loop thread only: completions that are still on their way when the log goes find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::thread writer_;
};

FileTouchLog::Opened FileTouchLog::open(EventLoop& loop, EventQueue& queue, const std::string& path, Report report) {
  FoundTouches found{{false, {}}, 0};
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    found = read_touches(fd);
    // What a crash has left of a call that was never confirmed must not be found behind the next one. It also brings to
    // disk what was found, which may come from a page cache whose fsync had failed.
    if (found.touches.readable && cut_touches(fd, found.blocks) != 0) found.touches.readable = false;
    if (!found.touches.readable) {
      ::close(fd);
      fd = -1;
    }
  }
  Opened opened;
  opened.touches = std::move(found.touches);
  opened.log.reset(new FileTouchLog(std::make_unique<Impl>(loop, queue, path, fd, found.blocks, std::move(report))));
  return opened;
}

FileTouchLog::FileTouchLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FileTouchLog::~FileTouchLog() = default;

void FileTouchLog::append(Ticket ticket, Buffer records) { impl_->begin(ticket, false, std::move(records)); }
void FileTouchLog::replace(Ticket ticket, Buffer records) { impl_->begin(ticket, true, std::move(records)); }

}  // namespace lockstep::io

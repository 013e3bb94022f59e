#include "prod/events/event_log.h"

#include "prod/common/wall_time.h"
#include "prod/events/event_file.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace lockstep::prod {

class EventLog::Impl {
 public:
  Impl(std::string state_directory, io::Report report, Listener listener)
      : state_directory_(std::move(state_directory)),
        report_(std::move(report)),
        listener_(std::move(listener)),
        thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void tell(const std::string& module, ModuleEvent event) {
    if (event.time_ms == 0) event.time_ms = wall_clock_ms();
    {
      const std::scoped_lock lock(mutex_);
      if (queue_.size() >= queue_max) {
        ++left_out_;
        return;
      }
      queue_.emplace_back(module, std::move(event));
    }
    wake_.notify_one();
  }

  std::uint64_t left_out() const {
    const std::scoped_lock lock(mutex_);
    return left_out_;
  }

 private:
  void run() {
    std::uint64_t left_out_told = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [module, event] = std::move(queue_.front());
      queue_.pop_front();
      const std::uint64_t left_out = left_out_;
      lock.unlock();
      if (left_out != left_out_told) {
        report_(io::Severity::warning, "the timeline is incomplete: " + std::to_string(left_out) +
                                           " events were left out, the disk with the state directory did not keep up");
        left_out_told = left_out;
      }
      write(module, event);
      if (listener_) listener_(module, event);
      lock.lock();
    }
  }

  void write(const std::string& module, ModuleEvent& event) {
    auto found = files_.find(module);
    if (found == files_.end()) {
      found = files_.emplace(module, std::make_unique<EventFile>(event_file_path(state_directory_, module))).first;
    }
    std::string error = found->second->append(event);
    // A disk that is full stays full: it is said once, until it works again.
    if (!error.empty() && error != last_error_) {
      report_(io::Severity::warning, "the timeline is incomplete: " + error + ": make room, or look at the disk");
    }
    last_error_ = std::move(error);
  }

  const std::string state_directory_;
  const io::Report report_;
  const Listener listener_;
  std::map<std::string, std::unique_ptr<EventFile>> files_;
  std::string last_error_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<std::string, ModuleEvent>> queue_;
  std::uint64_t left_out_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

EventLog::EventLog(std::string state_directory, io::Report report, Listener listener)
    : impl_(std::make_unique<Impl>(std::move(state_directory), std::move(report), std::move(listener))) {}

EventLog::~EventLog() = default;

void EventLog::tell(const std::string& module, ModuleEvent event) { impl_->tell(module, std::move(event)); }

std::uint64_t EventLog::left_out() const { return impl_->left_out(); }

}  // namespace lockstep::prod

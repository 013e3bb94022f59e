#include "io/linux/script_output.h"

#include "io/asio/event_loop.h"
#include "io/linux/application.h"

#include <array>
#include <cerrno>
#include <deque>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace lockstep::io {

namespace {
/// A longer line is cut into pieces of this length.
constexpr std::size_t line_bytes_max = 1024;
}  // namespace

class ScriptOutput::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, int read_end, std::string prefix, Report report)
      : descriptor_(loop.context(), read_end), prefix_(std::move(prefix)), report_(std::move(report)) {
    descriptor_.native_non_blocking(true);
  }

  // Waits, and reads in the handler: bytes that a read under way has taken, and nobody was told of yet, would be
  // missing where last_lines() is asked for in between.
  void read() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (!error && self->take_what_is_there()) return self->read();
                             self->end_line();
                           });
  }

  std::string last_lines() {
    take_what_is_there();
    end_line();
    std::string text;
    for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
    return text;
  }

  int open_pipe() {
    pollfd poll{descriptor_.native_handle(), 0, 0};
    return ::poll(&poll, 1, 0) == 0 ? poll.fd : -1;
  }

 private:
  /// Whether there may be more later: somebody still has the other end.
  bool take_what_is_there() {
    std::array<char, 4096> chunk;
    ssize_t got = 0;
    while ((got = ::read(descriptor_.native_handle(), chunk.data(), chunk.size())) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) take({chunk.data(), static_cast<std::size_t>(got)});
    }
    return got < 0 && errno == EAGAIN;
  }

  void take(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n' || line_.size() >= line_bytes_max) end_line();
      if (c != '\n') line_ += c;
    }
  }

  void end_line() {
    if (line_.empty()) return;
    report_(Severity::info, prefix_ + line_);
    lines_.push_back(std::exchange(line_, {}));
    if (lines_.size() > phase_lines_kept) lines_.pop_front();
  }

  boost::asio::posix::stream_descriptor descriptor_;
  const std::string prefix_;
  const Report report_;
  std::string line_;
  std::deque<std::string> lines_;
};

ScriptOutput::ScriptOutput(EventLoop& loop, int read_end, std::string prefix, Report report)
    : impl_(std::make_shared<Impl>(loop, read_end, std::move(prefix), std::move(report))) {
  impl_->read();
}

ScriptOutput::~ScriptOutput() = default;

int ScriptOutput::open_pipe() const { return impl_->open_pipe(); }

std::string ScriptOutput::last_lines() { return impl_->last_lines(); }

}  // namespace lockstep::io

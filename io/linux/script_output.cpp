#include "io/linux/script_output.h"

#include "io/asio/event_loop.h"
#include "io/linux/application.h"

#include <array>
#include <cerrno>
#include <deque>
#include <unistd.h>
#include <utility>

#include <boost/asio/buffer.hpp>
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

  void read() {
    descriptor_.async_read_some(boost::asio::buffer(chunk_),
                                [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                                  if (error) {
                                    self->end_line();
                                    return;
                                  }
                                  self->take({self->chunk_.data(), bytes});
                                  self->read();
                                });
  }

  std::string last_lines() {
    std::array<char, 4096> chunk;
    for (ssize_t got = 0; (got = ::read(descriptor_.native_handle(), chunk.data(), chunk.size())) > 0;) {
      take({chunk.data(), static_cast<std::size_t>(got)});
    }
    end_line();
    std::string text;
    for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
    return text;
  }

 private:
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
  std::array<char, 4096> chunk_{};
  std::string line_;
  std::deque<std::string> lines_;
};

ScriptOutput::ScriptOutput(EventLoop& loop, int read_end, std::string prefix, Report report)
    : impl_(std::make_shared<Impl>(loop, read_end, std::move(prefix), std::move(report))) {
  impl_->read();
}

ScriptOutput::~ScriptOutput() = default;

std::string ScriptOutput::last_lines() { return impl_->last_lines(); }

}  // namespace lockstep::io

// The application's main process: found once, then watched through a descriptor, so that its end is known at once.
#include "io/asio/event_loop.h"
#include "io/linux/application_processes.h"
#include "io/linux/background_work.h"
#include "io/linux/probe.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace lockstep::io {

namespace {

constexpr std::size_t kernel_name_max = 15;  ///< longer names are cut there

/// A process that was found, or why there is none.
struct Sought {
  pid_t pid = 0;
  int descriptor = -1;
  std::string text;
};

Sought opened(pid_t pid, const std::string& name) {
  const int descriptor = open_process(pid).release();
  const std::string who = (name.empty() ? "process " : name + ", process ") + std::to_string(pid);
  if (descriptor < 0) return {0, -1, who + ": " + std::strerror(errno)};
  return {pid, descriptor, who};
}

Sought seek_by_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {0, -1, path + ": " + std::strerror(errno)};
  char text[32];
  const ssize_t size = ::read(file, text, sizeof text);
  ::close(file);
  int pid = 0;
  const auto [end, error] = std::from_chars(text, text + std::max<ssize_t>(size, 0), pid);
  if (error != std::errc{} || pid <= 1) return {0, -1, path + " does not begin with the number of a process"};
  return opened(pid, {});
}

Sought seek_oldest(const ApplicationTraits& traits, const std::string& name) {
  std::vector<FoundProcess> found = find_application_processes(traits);
  const std::string shown = name.substr(0, kernel_name_max);
  std::erase_if(found, [&](const FoundProcess& each) { return !name.empty() && each.name != shown; });
  const auto oldest = std::min_element(found.begin(), found.end(), [](const FoundProcess& a, const FoundProcess& b) {
    return std::pair(a.start, a.pid) < std::pair(b.start, b.pid);
  });
  if (oldest != found.end()) return opened(oldest->pid, oldest->name);
  return {0, -1,
          name.empty() ? "no process of the application runs" : "no process " + shown + " of the application runs"};
}

bool ended(int descriptor) {
  pollfd poll{descriptor, POLLIN, 0};
  return ::poll(&poll, 1, 0) > 0;
}

class ProcessProbe final : public Probe {
 public:
  ProcessProbe(EventLoop& loop, ProcessCheck check, std::function<ApplicationTraits()> traits,
               std::function<void()> prompt)
      : loop_(loop), check_(std::move(check)), traits_(std::move(traits)), prompt_(std::move(prompt)), work_(loop) {}

  void begin() override {
    work_.forget();
    watched_.reset();
  }

  void look(Found found) override {
    if (watched_) {
      if (!ended(watched_->native_handle())) return found({true, text_});
      // A file may name another one by now. The application's own main process is what it is until the next start.
      if (check_.pid_file.empty()) return found({false, text_ + " has ended"});
      watched_.reset();
    }
    work_.begin([check = check_, traits = traits_(), this, found = std::move(found)] {
      Sought sought = check.pid_file.empty() ? seek_oldest(traits, check.name) : seek_by_file(check.pid_file);
      const auto held = std::make_shared<Held>(sought.descriptor);
      return std::function<void()>([this, sought = std::move(sought), held, found] { take(sought, *held, found); });
    });
  }

  void give_up() override { work_.forget(); }

 private:
  /// Closes what nobody takes.
  struct Held {
    explicit Held(int open) : descriptor(open) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
      if (descriptor >= 0) ::close(descriptor);
    }
    int descriptor;
  };

  void take(const Sought& sought, Held& held, const Found& found) {
    text_ = sought.text;
    if (sought.pid == 0) return found({false, sought.text});
    if (ended(held.descriptor)) return found({false, sought.text + " has ended"});
    watched_ =
        std::make_unique<boost::asio::posix::stream_descriptor>(loop_.context(), std::exchange(held.descriptor, -1));
    watched_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [prompt = prompt_](const boost::system::error_code& error) {
                           if (!error) prompt();
                         });
    found({true, text_});
  }

  EventLoop& loop_;
  const ProcessCheck check_;
  const std::function<ApplicationTraits()> traits_;
  const std::function<void()> prompt_;
  BackgroundWork work_;
  std::string text_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> watched_;
};

}  // namespace

std::unique_ptr<Probe> make_process_probe(EventLoop& loop, ProcessCheck check,
                                          std::function<ApplicationTraits()> traits, std::function<void()> prompt) {
  return std::make_unique<ProcessProbe>(loop, std::move(check), std::move(traits), std::move(prompt));
}

}  // namespace lockstep::io

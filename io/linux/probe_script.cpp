// A command, and its exit status.
#include "io/asio/event_loop.h"
#include "io/linux/children.h"
#include "io/linux/probe.h"
#include "io/linux/script_output.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace lockstep::io {

namespace {

class ScriptProbe final : public Probe {
 public:
  ScriptProbe(EventLoop& loop, ScriptCheck check, std::vector<std::pair<std::string, std::string>> environment)
      : loop_(loop), check_(std::move(check)), environment_(std::move(environment)), alive_(std::make_shared<int>()) {}
  ~ScriptProbe() override { end(); }

  void look(Found found) override {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return found({false, std::string("not started: ") + std::strerror(errno)});
    Children::Command child{check_.command, environment_, ends[1]};
    const pid_t pid = Children::instance().start(
        child, [&loop = loop_, this, weak = std::weak_ptr<int>(alive_), look = look_](int status) {
          loop.post_from_any_thread([this, weak, look, status] {
            if (!weak.expired() && look == look_) on_exit(status);
          });
        });
    ::close(ends[1]);
    if (pid < 0) {
      ::close(ends[0]);
      return found({false, std::string("not started: ") + std::strerror(-pid)});
    }
    pid_ = pid;
    found_ = std::move(found);
    // What it says is in the status; the log would hold it a thousand times.
    output_.emplace(loop_, ends[0], std::string(), [](Severity, const std::string&) {});
  }

  void give_up() override { end(); }

 private:
  void on_exit(int status) {
    const bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::string text = output_->last_lines();
    text = text.substr(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
    const std::string how = WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                                : "exit status " + std::to_string(WEXITSTATUS(status));
    const Found found = std::exchange(found_, nullptr);
    pid_ = 0;
    output_.reset();
    ++look_;
    found({passed, text.empty() ? how : passed ? text : how + ", " + text});
  }

  /// It may have started others: its whole group goes.
  void end() {
    ++look_;
    found_ = nullptr;
    if (pid_ == 0) return;
    Children::instance().forget(pid_);
    ::kill(-pid_, SIGKILL);
    pid_ = 0;
    output_.reset();
  }

  EventLoop& loop_;
  const ScriptCheck check_;
  const std::vector<std::pair<std::string, std::string>> environment_;
  const std::shared_ptr<int> alive_;  ///< as long as this object
  std::uint64_t look_ = 0;
  pid_t pid_ = 0;
  Found found_;
  std::optional<ScriptOutput> output_;
};

}  // namespace

std::unique_ptr<Probe> make_script_probe(EventLoop& loop, ScriptCheck check,
                                         std::vector<std::pair<std::string, std::string>> environment) {
  return std::make_unique<ScriptProbe>(loop, std::move(check), std::move(environment));
}

}  // namespace lockstep::io

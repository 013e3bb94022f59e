#include "io/linux/application.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/application_note.h"
#include "io/linux/application_processes.h"
#include "io/linux/asked_start.h"
#include "io/linux/children.h"
#include "io/linux/descriptor_keeper.h"
#include "io/linux/named_processes.h"
#include "io/linux/script_output.h"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lockstep::io {

namespace {

constexpr std::chrono::seconds leftovers_time_max{10};
/// For what has come while they were ended.
constexpr std::chrono::seconds late_time_max{2};

std::string describe_status(int status) {
  if (WIFEXITED(status)) return "ended with exit status " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(status);
}

ApplicationNote note_of(const ScriptApplicationOptions& options) {
  return {options.note_path,
          {application_cookie(options.module, options.state_directory), options.directory, options.addresses,
           options.runner}};
}

struct Running {
  Ticket ticket;
  Phase phase{};
  pid_t pid = 0;
  std::optional<ScriptOutput> output;
};

}  // namespace

class ScriptApplication::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop& loop, EventQueue& queue, ScriptApplicationOptions options, Report report)
      : loop_(loop),
        queue_(queue),
        options_(std::move(options)),
        report_(std::move(report)),
        cookie_(application_cookie(options_.module, options_.state_directory)),
        note_(note_of(options_)),
        asked_(options_.asked_path, options_.take_back) {
    worker_ = std::thread([this] { work(); });
  }

  void end() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    worker_.join();
    abandon_phase();
    ended_ = true;
  }

  void take_up(int output) {
    {
      const std::scoped_lock lock(mutex_);
      earlier_ = note_.read().value_or(EarlierProcesses{});
    }
    if (output >= 0) ScriptOutput(loop_, output, output_prefix(Phase::start), report_);
  }

  void run(Ticket ticket, Phase phase) {
    forget_note();
    if (phase == Phase::kill) {
      abandon_phase();
      {
        const std::scoped_lock lock(mutex_);
        kills_.push_back(ticket);
      }
      wake_.notify_one();
      return;
    }
    if (phase == Phase::force_stop) end_phase();
    LOCKSTEP_CHECK(!running_, "one phase runs at a time");
    const std::string& own = options_.commands[static_cast<std::size_t>(phase)];
    const bool stop_again = phase == Phase::force_stop && own.empty();
    const std::string& command = stop_again ? options_.commands[static_cast<std::size_t>(Phase::stop)] : own;
    if (command.empty()) {
      finish(ticket, true, {});
      if (phase == Phase::start) write_note();
      return;
    }
    start(ticket, phase, command);
  }

  void set_commands(std::array<std::string, 5> commands) { options_.commands = std::move(commands); }

  [[nodiscard]] ApplicationTraits traits() {
    const std::scoped_lock lock(mutex_);
    return {cookie_, scripts_, {}, earlier_};
  }

 private:
  void start(Ticket ticket, Phase phase, const std::string& command) {
    if (phase == Phase::start) {
      if (const std::string error = note_asked(); !error.empty()) {
        finish(ticket, false, std::string(to_string(phase)) + " could not be started: " + error);
        return;
      }
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      finish(ticket, false, std::string(to_string(phase)) + " could not be started: " + std::strerror(errno));
      return;
    }
    Children::Command child;
    child.text = command;
    child.output = ends[1];
    child.environment = {{"LOCKSTEP_MODULE", options_.module},
                         {"LOCKSTEP_NODE", options_.node},
                         {"LOCKSTEP_PHASE", std::string(to_string(phase))},
                         {"LOCKSTEP_DIRECTORY", options_.directory},
                         {cookie_variable, cookie_}};
    if (!options_.processes_path.empty()) {
      child.environment.emplace_back(processes_variable, options_.processes_path);
      if (phase == Phase::start) ::unlink(options_.processes_path.c_str());
    }
    if (phase == Phase::force_stop) child.environment.emplace_back("LOCKSTEP_FORCE", "1");
    // The loop outlives this object, and Children::forget() keeps the callback from outliving it.
    const pid_t pid =
        Children::instance().start(child, [this, weak = weak_from_this(), generation = generation_](int status) {
          loop_.post_from_any_thread([weak, generation, status] {
            const auto self = weak.lock();
            if (self && !self->ended_ && self->generation_ == generation) self->on_exit(status);
          });
        });
    ::close(ends[1]);
    if (pid < 0) {
      ::close(ends[0]);
      finish(ticket, false, std::string(to_string(phase)) + " could not be started: " + std::strerror(-pid));
      return;
    }
    running_.emplace();
    running_->ticket = ticket;
    running_->phase = phase;
    running_->pid = pid;
    running_->output.emplace(loop_, ends[0], output_prefix(phase), report_);
    const std::scoped_lock lock(mutex_);
    scripts_.insert(pid);
  }

  void on_exit(int status) {
    if (!running_) return;
    const bool succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const std::string lines = running_->output->last_lines();
    std::string text;
    if (!succeeded) {
      text = std::string(to_string(running_->phase)) + " " + describe_status(status);
      text += lines.empty() ? " and printed nothing" : ":\n" + lines;
    }
    const Ticket ticket = running_->ticket;
    const bool serves = succeeded && running_->phase == Phase::start;
    if (succeeded && (running_->phase == Phase::stop || running_->phase == Phase::force_stop)) forget_asked();
    if (serves) keep_output(running_->output->open_pipe());
    running_.reset();
    finish(ticket, succeeded, std::move(text));
    if (serves) write_note();
  }

  static std::string output_prefix(Phase phase) { return std::string(to_string(phase)) + ": "; }

  /// Who writes into a pipe that nobody can read any more is killed for it.
  void keep_output(int pipe) {
    if (options_.keeper == nullptr || options_.note_path.empty()) return;
    options_.keeper->drop(options_.output_name);
    if (pipe >= 0) options_.keeper->keep(options_.output_name, pipe);
  }

  std::string note_asked() {
    const std::scoped_lock lock(mutex_);
    return asked_.note();
  }

  void forget_asked() {
    const std::scoped_lock lock(mutex_);
    asked_.forget();
  }

  /// By the worker, since looking for processes may take as long as one of them hangs. Whoever waits for the end of the
  /// start does not wait for it: until it is there, the application does not outlive the daemon, no worse.
  void write_note() {
    {
      const std::scoped_lock lock(mutex_);
      note_wanted_ = true;
    }
    wake_.notify_one();
  }

  /// When it returns there is no note, nor will there be one.
  void forget_note() {
    const std::scoped_lock lock(mutex_);
    note_wanted_ = false;
    note_.remove();
  }

  /// `kill` may still take it back, which is what the generation is for.
  void finish(Ticket ticket, bool succeeded, std::string text) {
    queue_.post_while_unchanged(PhaseEnded{ticket, succeeded, std::move(text)}, generation_);
  }

  /// The script that hangs, with what it has started; the application is left for the phase that follows.
  void end_phase() {
    if (running_) ::kill(-running_->pid, SIGKILL);
    abandon_phase();
  }

  void abandon_phase() {
    ++generation_;
    if (running_) Children::instance().forget(running_->pid);
    running_.reset();
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !kills_.empty() || note_wanted_; });
      if (ending_) return;
      if (note_wanted_) {
        look_and_write_note(lock);
      } else {
        kill_all(lock);
      }
    }
  }

  /// Gives the lock up meanwhile, as kill_all() does.
  void look_and_write_note(std::unique_lock<std::mutex>& lock) {
    add_named_processes();
    const ApplicationTraits traits{cookie_, scripts_, {}, earlier_};
    lock.unlock();
    EarlierProcesses known{traits.scripts, {}};
    for (const FoundProcess& found : find_application_processes(traits))
      known.processes.emplace(found.pid, found.start);
    lock.lock();
    if (!std::exchange(note_wanted_, false)) return;
    if (const std::string error = note_.write(known); !error.empty()) report_(Severity::warning, error);
  }

  /// Those that the start has named, if nobody has asked for them since. Whether there are new ones.
  bool add_named_processes() {
    const std::size_t before = earlier_.processes.size();
    earlier_.processes.merge(take_named_processes(options_.processes_path));
    return earlier_.processes.size() > before;
  }

  /// What is known first, whoever does not answer. A script that was killed may have named others until then, and who
  /// was asked may have started others.
  void kill_all(std::unique_lock<std::mutex>& lock) {
    const std::vector<Ticket> tickets = std::exchange(kills_, {});
    add_named_processes();
    std::vector<FoundProcess> left;
    std::set<pid_t> scripts;
    bool reached = true;
    for (bool taken_back = false, done = false; !done && left.empty();) {
      const ApplicationTraits traits{cookie_, scripts_, options_.directory, earlier_};
      scripts = traits.scripts;
      const bool asked = !taken_back && asked_.noted();
      lock.unlock();
      left = end_application_processes(traits, std::nullopt, ending_, report_);
      if (asked && left.empty()) reached = asked_.take_back(report_);
      lock.lock();
      done = !add_named_processes() && !asked;
      taken_back = taken_back || asked;
    }
    // Their groups are empty now; the numbers may come back as somebody else's.
    if (!left.empty()) return;
    for (const pid_t script : scripts) scripts_.erase(script);
    earlier_ = {};
    // Else whoever is the next to end something here tries again.
    if (reached) asked_.forget();
    loop_.post_from_any_thread([this, weak = weak_from_this(), tickets] {
      const auto self = weak.lock();
      if (!self || self->ended_) return;
      for (const Ticket ticket : tickets) queue_.post(PhaseEnded{ticket, true, {}});
    });
  }

  EventLoop& loop_;
  EventQueue& queue_;
  ScriptApplicationOptions options_;
  const Report report_;
  const std::string cookie_;
  const ApplicationNote note_;
  const AskedStart asked_;  ///< under the mutex, but for take_back()

  std::optional<Running> running_;
  std::uint64_t generation_ = 0;  ///< rises when a phase's end is no longer wanted
  bool ended_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Ticket> kills_;
  std::set<pid_t> scripts_;
  EarlierProcesses earlier_;
  bool note_wanted_ = false;
  std::atomic<bool> ending_{false};
  std::thread worker_;  ///< for what may take long: kills and notes
};

ScriptApplication::ScriptApplication(EventLoop& loop, EventQueue& queue, ScriptApplicationOptions options,
                                     Report report)
    : impl_(std::make_shared<Impl>(loop, queue, std::move(options), std::move(report))) {}

ScriptApplication::~ScriptApplication() { impl_->end(); }

void ScriptApplication::run(Ticket ticket, Phase phase) { impl_->run(ticket, phase); }

void ScriptApplication::set_commands(std::array<std::string, 5> commands) { impl_->set_commands(std::move(commands)); }

ApplicationTraits ScriptApplication::traits() const { return impl_->traits(); }

void ScriptApplication::take_up(int output) { impl_->take_up(output); }

bool ScriptApplication::runs(const ScriptApplicationOptions& options) {
  const auto noted = note_of(options).read();
  return noted && (noted->processes.empty() || any_runs(noted->processes));
}

std::string ScriptApplication::noted_addresses(const ScriptApplicationOptions& options) {
  return note_of(options).noted_addresses();
}

std::string ScriptApplication::end_leftovers(const ScriptApplicationOptions& options, const Report& report) {
  const ApplicationNote note = note_of(options);
  // Only what carries the cookie, was noted or named: others that use the directory are for the administrator to judge.
  ApplicationTraits traits{application_cookie(options.module, options.state_directory), {}, {}, note.processes()};
  traits.earlier.processes.merge(take_named_processes(options.processes_path));
  note.remove();
  const auto end = [&](std::chrono::seconds time_max) {
    const std::atomic<bool> never{false};
    auto found = find_application_processes(traits);
    if (found.empty()) return found;
    auto left = end_application_processes(traits, std::chrono::steady_clock::now() + time_max, never, report);
    report(Severity::warning, "ended what an earlier daemon left running: " + describe(found));
    return left;
  };
  auto left = end(leftovers_time_max);
  // A script that was killed may have named others until then, and who was asked may have started others. Who does not
  // answer is asked again by the next daemon.
  const AskedStart asked(options.asked_path, options.take_back);
  if (asked.take_back(report)) asked.forget();
  traits.earlier.processes.merge(take_named_processes(options.processes_path));
  left = end(late_time_max);
  if (left.empty()) return {};
  return "processes of the application of an earlier start do not end: " + describe(left) +
         ": if they hang on a dead mount, \"umount -l " + options.directory + "\" frees them; then start again";
}

}  // namespace lockstep::io

#include "prod/cli/top.h"

#include "prod/cli/control_client.h"
#include "prod/cli/json_fields.h"
#include "prod/cli/terminal.h"
#include "prod/cli/top_rows.h"
#include "prod/common/wall_time.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json/object.hpp>

namespace lockstep::prod {

namespace json = boost::json;

namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int /*signal*/) { interrupted = 1; }

/// Makes standard input give single keys and output a page of its own, and puts both back.
class LiveScreen {
 public:
  LiveScreen() : keys_(::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
    if (keys_) {
      termios single = before_;
      single.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &single);
    }
    std::cout << "\033[?1049h\033[?25l" << std::flush;
  }
  ~LiveScreen() {
    std::cout << "\033[?25h\033[?1049l" << std::flush;
    if (keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  void show(const std::string& page) const {
    std::string lines;
    for (const char each : page) lines += each == '\n' ? std::string("\033[K\n") : std::string(1, each);
    std::cout << "\033[H" << lines << "\033[J" << std::flush;
  }

  /// Until the time has come (true), or somebody wants to leave.
  [[nodiscard]] bool wait_until(Clock::time_point deadline) const {
    while (interrupted == 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return true;
      pollfd input{keys_ ? STDIN_FILENO : -1, POLLIN, 0};
      if (::poll(&input, 1, static_cast<int>(left)) <= 0) continue;
      char key = 0;
      if (::read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q') return false;
    }
    return false;
  }

 private:
  termios before_{};
  const bool keys_;
};

/// Asks again and again, and turns two answers into one table.
class Watch {
 public:
  Watch(std::string socket, std::string module) : socket_(std::move(socket)), module_(std::move(module)) {}

  /// The table of now, or why there is none.
  std::string look(bool colours, ExitCode& code) {
    ControlRequest request;
    request.verb = "status";
    request.module = module_;
    const auto asked = ask_daemon(socket_, request);
    const Clock::time_point now = Clock::now();
    if (const auto* error = std::get_if<std::string>(&asked)) {
      code = exit_unreachable;
      before_.clear();
      return *error + "\n";
    }
    const auto& answer = std::get<ControlAnswer>(asked);
    if (answer.outcome != Outcome::done) {
      code = exit_refused;
      return answer.text + "\n";
    }
    code = exit_done;
    const double seconds = std::chrono::duration<double>(now - looked_at_).count();
    std::vector<TopRow> rows;
    std::map<std::string, json::object> looked;
    for (json::object& status : statuses_of(answer.status)) {
      const std::string name = text_of(status, "module");
      rows.push_back(top_row(before_[name], status, seconds, wall_clock_ms()));
      looked[name] = std::move(status);
    }
    before_ = std::move(looked);
    looked_at_ = now;
    return render_top(rows, colours);
  }

 private:
  const std::string socket_;
  const std::string module_;
  std::map<std::string, json::object> before_;
  Clock::time_point looked_at_;
};

ExitCode live(Watch& watch, const CommandLine& line) {
  ExitCode code = exit_done;
  const LiveScreen screen;
  const bool colours = shows_colours();
  std::uint64_t shown = 0;
  do {
    const auto next = Clock::now() + std::chrono::duration_cast<Clock::duration>(line.interval);
    screen.show("lockstep " + local_time(wall_clock_ms()) + "    q: leave\n\n" + watch.look(colours, code));
    if (++shown == line.count || !screen.wait_until(next)) break;
  } while (true);
  return code;
}

/// The first look has no rates, so it is not shown.
ExitCode in_turn(Watch& watch, const CommandLine& line) {
  ExitCode code = exit_done;
  if (const std::string text = watch.look(false, code); code != exit_done)
    return complain(code, text.substr(0, text.size() - 1));
  for (std::uint64_t shown = 0; line.count == 0 || shown < line.count; ++shown) {
    ::usleep(static_cast<useconds_t>(std::chrono::duration_cast<std::chrono::microseconds>(line.interval).count()));
    std::cout << local_time(wall_clock_ms()) << "\n" << watch.look(false, code) << "\n" << std::flush;
    if (!std::cout) break;  // whoever read has gone
  }
  return code;
}

}  // namespace

ExitCode show_top(const std::string& socket, const CommandLine& line) {
  Watch watch(socket, line.request.module);
  return ::isatty(STDOUT_FILENO) != 0 ? live(watch, line) : in_turn(watch, line);
}

}  // namespace lockstep::prod

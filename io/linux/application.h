// The application's phases as shell commands, and the end of every process that came from them.
#pragma once

#include "io/application.h"
#include "io/report.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace lockstep::linux_io {
class DescriptorKeeper;
}

namespace lockstep::io {

class EventLoop;
class EventQueue;
struct ApplicationTraits;

/// Lines of a phase's output that its PhaseEnded repeats when it has failed.
inline constexpr std::size_t phase_lines_kept = 10;

struct ScriptApplicationOptions {
  std::string module;
  std::string node;       ///< this server's name
  std::string directory;  ///< the replicated directory's path, as the application sees it
  std::string state_directory;
  /// For /bin/sh -c, by Phase (prestart, start, stop, poststop, force_stop); empty: succeeds at once, but for
  /// force_stop, which then is `stop` once more.
  std::array<std::string, 5> commands;
  /// Where a later daemon finds that the application runs (io/linux/application_note.h); empty: it never does.
  std::string note_path = {};
  /// Where `start` may name processes that are not its own (io/linux/named_processes.h); empty: nowhere.
  std::string processes_path = {};
  /// Takes back what `start` has asked another program for (io/linux/asked_start.h), and where that is noted; with
  /// empty ones nothing is taken back.
  std::string take_back = {};
  std::string asked_path = {};
  /// What runs the application, where that is not Lockstep, as one text: with another, a later daemon does not go on
  /// with it.
  std::string runner = {};
  /// Addresses that clients use, as one text: with others, a later daemon does not go on with the application.
  std::string addresses = {};
  /// Keeps what the application writes its output to, so that it outlives the daemon. Outlives the object; may be null.
  linux_io::DescriptorKeeper* keeper = nullptr;
  std::string output_name = {};  ///< for the keeper
};

/// Scripts see LOCKSTEP_MODULE, LOCKSTEP_NODE, LOCKSTEP_PHASE, LOCKSTEP_DIRECTORY, LOCKSTEP_FORCE (1 in a stop with
/// force), LOCKSTEP_COOKIE (which they should leave alone: it is how their processes are found) and LOCKSTEP_PROCESSES
/// (io/linux/named_processes.h). A phase ends when its command ends; what it left running in the background is the
/// application, whose further output goes to the log. There is no time limit here.
///
/// While the application runs, and was not told anything since its start has succeeded, a note says so: another daemon
/// can go on with it, where the note is of its own boot, module, directory, runner and addresses.
///
/// `kill` ends every process with the cookie, named by `start` or started by one of these, and whatever else uses the
/// directory; then what `start` has asked another program for is taken back, and what has come of it meanwhile is
/// ended. Loop and queue outlive it; used on the loop's thread.
class ScriptApplication final : public Application {
 public:
  ScriptApplication(EventLoop& loop, EventQueue& queue, ScriptApplicationOptions options, Report report);
  /// Leaves the application running (what a daemon that must restart wants); a kill under way is abandoned.
  ~ScriptApplication() override;

  void run(Ticket ticket, Phase phase) override;
  /// The application that an earlier daemon has started and noted (runs()) is this object's own from now on. `output`:
  /// what the keeper had of it; may be -1; taken over. Before the first phase.
  void take_up(int output);
  /// From the next phase on; one that runs goes on with the command that it began with.
  void set_commands(std::array<std::string, 5> commands);
  /// By what the application's own processes are known; whoever else uses the directory is none of them.
  [[nodiscard]] ApplicationTraits traits() const;

  /// Whether an application that an earlier daemon has started runs as it should, and at least one of its processes
  /// lives, if it had any. For the start of the daemon; never waits for the application.
  static bool runs(const ScriptApplicationOptions& options);

  /// The addresses of the application that an earlier daemon has started, as its options had them.
  static std::string noted_addresses(const ScriptApplicationOptions& options);

  /// For the start of the daemon, before the directory is mounted: ends what an earlier daemon left behind, within a
  /// few seconds. An error with a remedy, or empty.
  static std::string end_leftovers(const ScriptApplicationOptions& options, const Report& report);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io

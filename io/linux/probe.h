// One way of looking, once; io/linux/checks.h makes a port of many.
#pragma once

#include "io/linux/application_processes.h"
#include "io/linux/check_kind.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::io {

class EventLoop;

struct Finding {
  bool passed = false;
  std::string text;  ///< one line, for people
};

/// Used on the loop's thread, and never blocks it: not even on a file, which may lie in the directory that this very
/// process serves. Destroying it gives up what is under way.
class Probe {
 public:
  using Found = std::function<void(Finding finding)>;

  virtual ~Probe() = default;
  /// What is remembered of an earlier time is void.
  virtual void begin() {}
  /// `found` comes at most once, on the loop's thread, perhaps within this call, and not any more after give_up(). No
  /// look is under way when it is called.
  virtual void look(Found found) = 0;
  /// With everything that was started for it.
  virtual void give_up() = 0;
};

/// What probes need of the module that they look at.
struct ProbeSurroundings {
  /// The application's own processes, by what they have of it.
  std::function<ApplicationTraits()> traits;
  /// For scripts.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Whether another module serves on this machine, and what it says. From the loop's thread.
  std::function<Finding(const std::string& module)> other_module;
};

/// `prompt`: to be looked at again at once. Loop and surroundings outlive the probe.
std::unique_ptr<Probe> make_probe(EventLoop& loop, const CheckKind& kind, const ProbeSurroundings& surroundings,
                                  std::function<void()> prompt);

// One for each kind; all but these two need nothing but the loop.
std::unique_ptr<Probe> make_process_probe(EventLoop& loop, ProcessCheck check,
                                          std::function<ApplicationTraits()> traits, std::function<void()> prompt);
std::unique_ptr<Probe> make_script_probe(EventLoop& loop, ScriptCheck check,
                                         std::vector<std::pair<std::string, std::string>> environment);
std::unique_ptr<Probe> make_tcp_probe(EventLoop& loop, TcpCheck check);
std::unique_ptr<Probe> make_http_probe(EventLoop& loop, HttpCheck check);
std::unique_ptr<Probe> make_ping_probe(EventLoop& loop, PingCheck check);
std::unique_ptr<Probe> make_disk_space_probe(EventLoop& loop, DiskSpaceCheck check);
/// One that is answered at once.
std::unique_ptr<Probe> make_prompt_probe(std::function<Finding()> look);
Finding look_at_interface(const InterfaceCheck& check);
Finding look_at_address(const AddressCheck& check);

}  // namespace lockstep::io

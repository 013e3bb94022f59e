#include "io/linux/checks.h"

#include "io/asio/event_queue.h"

#include <type_traits>

namespace lockstep::io {

std::unique_ptr<Probe> make_probe(EventLoop& loop, const CheckKind& kind, const ProbeSurroundings& surroundings,
                                  std::function<void()> prompt) {
  return std::visit(
      [&](const auto& check) -> std::unique_ptr<Probe> {
        using Kind = std::decay_t<decltype(check)>;
        if constexpr (std::is_same_v<Kind, ProcessCheck>) {
          return make_process_probe(loop, check, surroundings.traits, std::move(prompt));
        } else if constexpr (std::is_same_v<Kind, TcpCheck>) {
          return make_tcp_probe(loop, check);
        } else if constexpr (std::is_same_v<Kind, HttpCheck>) {
          return make_http_probe(loop, check);
        } else if constexpr (std::is_same_v<Kind, ScriptCheck>) {
          return make_script_probe(loop, check, surroundings.environment);
        } else if constexpr (std::is_same_v<Kind, PingCheck>) {
          return make_ping_probe(loop, check);
        } else if constexpr (std::is_same_v<Kind, DiskSpaceCheck>) {
          return make_disk_space_probe(loop, check);
        } else if constexpr (std::is_same_v<Kind, InterfaceCheck>) {
          return make_prompt_probe([check] { return look_at_interface(check); });
        } else if constexpr (std::is_same_v<Kind, AddressCheck>) {
          return make_prompt_probe([check] { return look_at_address(check); });
        } else {
          static_assert(std::is_same_v<Kind, ModuleCheck>);
          return make_prompt_probe([check, ask = surroundings.other_module] { return ask(check.module); });
        }
      },
      kind);
}

LinuxChecks::LinuxChecks(EventLoop& loop, EventQueue& queue, const LinuxChecksOptions& options)
    : queue_(queue), alive_(std::make_shared<int>()) {
  for (std::size_t check = 0; check < options.kinds.size(); ++check) {
    ProbeSurroundings surroundings = options.surroundings;
    surroundings.environment.emplace_back("LOCKSTEP_CHECK", options.names[check]);
    // The descriptor that prompts may be heard of once more when this object is gone.
    const auto prompt = [this, weak = std::weak_ptr<int>(alive_), check] {
      if (!weak.expired()) queue_.post(CheckPrompted{check});
    };
    probes_.push_back(make_probe(loop, options.kinds[check], surroundings, prompt));
  }
}

LinuxChecks::~LinuxChecks() = default;

void LinuxChecks::begin(std::size_t check) { probes_[check]->begin(); }

void LinuxChecks::run(Ticket ticket, std::size_t check) {
  probes_[check]->give_up();
  probes_[check]->look([this, ticket, check](Finding finding) {
    queue_.post(CheckEnded{ticket, check, finding.passed, std::move(finding.text)});
  });
}

void LinuxChecks::end(std::size_t check) { probes_[check]->give_up(); }

}  // namespace lockstep::io

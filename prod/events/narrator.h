// Tells the story of one module on one node: from what its engine decides and says of itself to events in plain words.
#pragma once

#include "engine/values/node_id.h"
#include "io/events.h"
#include "io/trace.h"
#include "prod/events/module_event.h"
#include "prod/events/standing.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lockstep::prod {

/// What the timeline says last of protection.
struct ToldProtection {
  bool is_protected = false;
  std::int64_t since_ms = 0;
};
std::optional<ToldProtection> told_protection(const std::string& state_directory, const std::string& module);

/// Used on the module's thread.
class Narrator {
 public:
  using Tell = std::function<void(ModuleEvent event)>;

  /// `told`: what an earlier life of the daemon has told of protection.
  Narrator(NodeId self, std::string self_name, std::string peer_name, std::optional<ToldProtection> told, Tell tell);

  /// Not for what happens with every operation.
  void record(const io::TraceEvent& event);
  void step(const io::Event& event);
  /// Whenever the engine may say something new of itself; cheap if it does not.
  Standing observe(const engine::Status& status);

 private:
  /// What was told last.
  struct Told {
    engine::Role role = engine::Role::stop;
    engine::Readiness readiness = engine::Readiness::not_ready;
    bool peer_connected = false;
    bool witness_connected = false;
    bool frozen = false;
    bool peer_resync = false;
    Epoch epoch;
  };

  void tell(EventKind kind, const char* name, std::string text, boost::json::object facts = {});
  void observe_role(const engine::Status& status);
  void observe_protection(const engine::Status& status);
  void observe_links(const engine::Status& status);
  void observe_configuration(const engine::Status& status);
  void observe_peer_resync(const engine::Status& status);

  const NodeId id_;
  const std::string self_;
  const std::string peer_;
  const Tell tell_;
  std::optional<Told> told_;
  Standing standing_;
  std::optional<bool> protection_told_;
  std::int64_t resync_began_ms_ = 0;
};

}  // namespace lockstep::prod

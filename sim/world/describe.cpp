#include "sim/world/describe.h"

#include "engine/wire/codec.h"
#include "sim/overloaded.h"

#include <array>

namespace lockstep::sim {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string name_of(io::Verb verb) {
  constexpr std::string_view names[] = {"start", "stop", "restart", "swap", "prim", "second", "wait_role", "verify"};
  return std::string(names[static_cast<std::size_t>(verb)]);
}

std::string describe_ground(const engine::CommonGround& ground) {
  const auto place = [](const engine::CommonCheckpoint& at) {
    return number(at.reign.value) + ":" + number(at.lsn.value);
  };
  return "base " + number(ground.base) + " synced " + place(ground.synced) + " cooled " + place(ground.cooled);
}

std::string with_error(const char* what, Ticket ticket, int error) {
  return std::string(what) + " " + number(ticket.value) + (error == 0 ? "" : " error " + std::to_string(error));
}

}  // namespace

std::string name_of(io::Endpoint endpoint) {
  constexpr std::string_view names[] = {"peer", "witness", "first", "second"};
  return std::string(names[static_cast<std::size_t>(endpoint)]);
}

std::string name_of(io::TimerId timer) {
  constexpr std::string_view names[] = {
      "heartbeat",  "register_retry", "acknowledgement", "link_grace", "application", "resync",
      "checkpoint", "pace",           "batch",           "verify",     "check"};
  static_assert(std::size(names) == static_cast<std::size_t>(io::TimerId::count));
  return std::string(names[static_cast<std::size_t>(timer)]);
}

std::string_view name_of(const engine::Message& message) {
  // By their place in engine::Message.
  constexpr std::string_view names[] = {
      "heartbeat",     "heartbeat_reply", "prepare",          "promise",
      "accept",        "accepted",        "refused",          "decided",
      "attach",        "attached",        "stream_operation", "stream_acknowledgement",
      "stream_failed", "farewell",        "swap_request",     "manifest_part",
      "pull",          "caught_up",       "sync_all",         "synced_all",
      "cool",          "cooled",          "verify_region",    "verify_names",
      "verified"};
  static_assert(std::size(names) == std::variant_size_v<engine::Message>);
  return names[message.index()];
}

std::string describe_message(const engine::Message& message) {
  using namespace engine;
  std::string text(name_of(message));
  std::visit(
      Overloaded{
          [&](const Heartbeat& m) {
            text += " " + describe(m.state.decided) + (m.wants_lease ? " wants lease" : "") +
                    (m.state.complete ? "" : " incomplete") + (m.state.intact ? "" : " not intact") +
                    (m.state.running ? "" : " stopped") + (m.state.primary ? " primary" : "") +
                    (m.state.admits ? " admits" : "");
          },
          [&](const HeartbeatReply& m) { text += m.granted ? " granted" : " not granted"; },
          [&](const Prepare& m) { text += " ballot " + number(m.ballot.value); },
          [&](const Promise& m) { text += " ballot " + number(m.ballot.value) + ", " + describe(m.accepted); },
          [&](const Accept& m) { text += " ballot " + number(m.ballot.value) + ", " + describe(m.value); },
          [&](const Accepted& m) { text += " ballot " + number(m.ballot.value); },
          [&](const Refused& m) {
            text += " ballot " + number(m.ballot.value) + (m.by_lease ? " by lease" : "") + ", promised " +
                    number(m.promised.value);
          },
          [&](const Decided& m) { text += " " + describe(m.configuration); },
          [&](const Attach& m) {
            text += " " + number(m.reign.value) + ":" + number(m.lsn.value) + ", " + describe_ground(m.ground) + ", " +
                    number(m.touches.size()) + " touches";
          },
          [&](const Attached& m) {
            constexpr std::string_view comparisons[] = {" resume", " resync of what was touched", " resync"};
            text += " " + number(m.reign.value) + std::string(comparisons[static_cast<std::size_t>(m.comparison)]);
          },
          [&](const SyncAll& m) { text += " " + number(m.lsn.value); },
          [&](const SyncedAll& m) { text += " " + number(m.lsn.value); },
          [&](const Cool& m) { text += " " + number(m.base) + " " + number(m.checkpoint.lsn.value); },
          [&](const Cooled& m) { text += " " + number(m.lsn.value); },
          [&](const StreamOperation& m) {
            text += " " + number(m.epoch.value) + ":" + number(m.lsn.value) + " " + describe(m.operation);
          },
          [&](const StreamAcknowledgement& m) {
            text += " applied " + number(m.applied.value) + " synced " + number(m.synced.value) + " durable " +
                    number(m.durable.value);
          },
          [&](const StreamFailed& m) { text += " " + number(m.lsn.value) + " error " + std::to_string(m.error); },
          [&](const ManifestPart& m) {
            text += " at " + number(m.lsn.value) + ", " + number(m.manifest.objects.size()) + " objects";
          },
          [&](const VerifyRegion& m) {
            text += " " + number(m.question) + " at " + number(m.lsn.value) + ", " + to_string(m.file) + " @" +
                    number(m.offset) + (m.repair != 0 ? ", to be repaired" : "");
          },
          [&](const VerifyNames& m) {
            text += " " + number(m.question) + " at " + number(m.lsn.value) + ", " + to_string(m.directory) + ", " +
                    number(m.manifest.entries.size()) + " from '" + m.from + "' on";
          },
          [&](const Verified& m) {
            text += " " + number(m.question) + (m.error == 0 ? "" : " error " + std::to_string(m.error)) + ", chunks " +
                    number(m.differing) + (m.names_differ ? ", names" : "") + ", " + number(m.objects.size()) +
                    " objects";
          },
          [&](const Pull& m) { text += " " + to_string(m.file) + " @" + number(m.offset); },
          [&](const CaughtUp& m) { text += " " + number(m.lsn.value); },
          [&](const auto&) {},
      },
      message);
  return text;
}

std::string describe_frame(const Buffer& frame) {
  const auto message = engine::decode(frame);
  return message ? describe_message(*message) : "unreadable frame";
}

std::string describe_event(const io::Event& event) {
  return std::visit(
      Overloaded{
          [](const io::Booted& e) {
            return std::string("booted") + (e.retained ? "" : ", volume lost power") + (e.held ? ", service held" : "");
          },
          [](const io::LinkUp& e) { return "link up: " + name_of(e.endpoint); },
          [](const io::LinkDown& e) { return "link down: " + name_of(e.endpoint); },
          [](const io::FrameArrived& e) { return "from " + name_of(e.endpoint) + ": " + describe_frame(e.frame); },
          [](const io::TimerFired& e) { return "timer " + name_of(e.timer); },
          [](const io::JournalStored& e) { return "journal stored " + number(e.ticket.value); },
          [](const io::TouchesLogged& e) { return "touches logged " + number(e.ticket.value); },
          [](const io::Applied& e) {
            return with_error("applied", e.ticket, e.error) + " " + describe(e.effect) +
                   (e.replicated ? "" : " (nameless)");
          },
          [](const io::Synced& e) { return with_error("synced", e.ticket, e.error); },
          [](const io::Scanned& e) {
            return with_error("scanned", e.ticket, e.error) + ", " + number(e.manifest.objects.size()) + " objects" +
                   (e.last ? "" : ", more follows");
          },
          [](const io::Digested& e) { return with_error("digested", e.ticket, e.error); },
          [](const io::RegionRead& e) {
            return with_error("region read", e.ticket, e.error) + ", " + number(e.pieces.size()) + " pieces";
          },
          [](const io::SetAside& e) { return with_error("set aside", e.ticket, e.error); },
          [](const io::MountOpened& e) { return "mount opened " + e.error_text; },
          [](const io::MountClosed&) { return std::string("mount closed"); },
          [](const io::RequestArrived& e) {
            return "request " + number(e.request.value) + " " + describe(e.operation);
          },
          [](const io::PhaseEnded& e) {
            return "phase ended " + number(e.ticket.value) + (e.succeeded ? "" : " failed: " + e.text);
          },
          [](const io::CheckEnded& e) {
            return "check " + number(e.check) + (e.passed ? " passes, " : " misses, ") + number(e.ticket.value);
          },
          [](const io::CheckPrompted& e) { return "check " + number(e.check) + " is to look now"; },
          [](const io::Indexed&) { return std::string("volume indexed"); },
          [](const io::WorkDone& e) { return "work done " + number(e.ticket.value); },
          [](const io::CommandGiven& e) { return "command " + name_of(e.command.verb); },
      },
      event);
}

std::string describe_trace(const io::TraceEvent& event) {
  const auto text = [](std::string_view view) { return std::string(view); };
  return std::visit(
      Overloaded{
          [&](const io::RoleChanged& e) {
            return "role " + text(e.from) + " -> " + text(e.to) + " on " + text(e.event);
          },
          [&](const io::UnknownTransition& e) { return "UNKNOWN " + text(e.event) + " in " + text(e.state); },
          [&](const io::VoteCast& e) {
            return std::string(e.by_stand_in ? "the stand-in's vote" : "vote") + ", ballot " + number(e.ballot) + ": " +
                   describe(e.configuration);
          },
          [&](const io::ConfigurationDecided& e) { return "decided " + describe(e.configuration); },
          [&](const io::LeaseHeld& e) {
            return "lease of epoch " + number(e.epoch.value) + " until " + std::to_string(e.until.ns);
          },
          [&](const io::WritableChanged& e) {
            return text(e.writable ? "writable" : "not writable") + ", epoch " + number(e.epoch.value);
          },
          [&](const io::OperationOrdered& e) {
            return "ordered " + number(e.epoch.value) + ":" + number(e.lsn.value) + " (request " +
                   number(e.request.value) + ") " + describe(*e.operation);
          },
          [&](const io::OperationReplicated& e) {
            return "replicated " + number(e.epoch.value) + ":" + number(e.lsn.value) + " " + describe(*e.operation);
          },
          [&](const io::ContentsLetGo& e) {
            return "lets the contents go of " + number(e.epoch.value) + ":" + number(e.lsn.value);
          },
          [&](const io::RequestAcknowledged& e) {
            return "acknowledged request " + number(e.request.value) + ", " + number(e.epoch.value) + ":" +
                   number(e.lsn.value) + " " + text(to_string(e.kind));
          },
          [&](const io::ApplicationStarting& e) { return "application starts, epoch " + number(e.epoch.value); },
          [&](const io::ApplicationStopped&) { return text("application stopped"); },
          [&](const io::ResyncBegan& e) { return "resync began at " + number(e.lsn.value); },
          [&](const io::ResyncEnded& e) {
            return "resync ended at " + number(e.lsn.value) + ", " + number(e.bytes_copied) + " bytes copied";
          },
          [&](const io::VerifyBegan&) { return text("verify began"); },
          [&](const io::MismatchFound& e) {
            return "verify found " + text(to_string(e.kind)) + " " + to_string(e.file) + " @" + number(e.offset) +
                   " chunks " + number(e.chunks);
          },
          [&](const io::VersionOverwritten& e) { return "kept before it is repaired: " + to_string(e.file); },
          [&](const io::VerifyEnded& e) {
            return "verify " + text(e.complete ? "complete, " : "ended incomplete, ") + number(e.mismatches) +
                   " mismatches";
          },
          [&](const io::CheckActed& e) {
            return "check " + number(e.check) + " has failed: " + text(to_string(e.action));
          },
          [&](const io::Mark& e) { return "mark " + text(e.name); },
          [&](const io::Note& e) { return e.text; },
      },
      event);
}

}  // namespace lockstep::sim

// Ports between an engine and its real ports: they pass every call on and put it into the hash of decisions. The same
// ones stand before real ports in production, before simulated ones, and before none at all in a replay.
#pragma once

#include "engine/node_engine.h"
#include "engine/recording/decisions.h"
#include "engine/witness_engine.h"

namespace lockstep::recording {

class TappedTimers final : public io::Timers {
 public:
  TappedTimers(io::Timers& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void arm(io::TimerId timer, Instant deadline) override;
  void cancel(io::TimerId timer) override;

 private:
  io::Timers& real_;
  Decisions& decisions_;
};

class TappedLink final : public io::Link {
 public:
  TappedLink(io::Link& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void send(io::Endpoint to, io::Frame frame) override;
  void reset(io::Endpoint to) override;
  /// How often a connection was given up.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  io::Link& real_;
  Decisions& decisions_;
  std::uint64_t resets_ = 0;
};

class TappedJournal final : public io::Journal {
 public:
  TappedJournal(io::Journal& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void store(Ticket ticket, Buffer record) override;

 private:
  io::Journal& real_;
  Decisions& decisions_;
};

class TappedTouchLog final : public io::TouchLog {
 public:
  TappedTouchLog(io::TouchLog& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void append(Ticket ticket, Buffer records) override;
  void replace(Ticket ticket, Buffer records) override;

 private:
  io::TouchLog& real_;
  Decisions& decisions_;
};

class TappedVolume final : public io::Volume {
 public:
  TappedVolume(io::Volume& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override;
  void sync(Ticket ticket, FileId file, bool data_only) override;
  void scan(Ticket ticket) override;
  void survey(Ticket ticket, const SurveyRequest& request) override;
  void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) override;
  void identify_in(Period period) override;
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override;
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk_bytes) override;
  void set_aside(Ticket ticket, FileId object, const Conflict& conflict) override;

 private:
  io::Volume& real_;
  Decisions& decisions_;
};

class TappedMount final : public io::Mount {
 public:
  TappedMount(io::Mount& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void open() override;
  void close() override;
  void reply(RequestId request, const io::Reply& reply) override;

 private:
  io::Mount& real_;
  Decisions& decisions_;
};

class TappedApplication final : public io::Application {
 public:
  TappedApplication(io::Application& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void run(Ticket ticket, io::Phase phase) override;

 private:
  io::Application& real_;
  Decisions& decisions_;
};

class TappedChecks final : public io::Checks {
 public:
  TappedChecks(io::Checks& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void begin(std::size_t check) override;
  void run(Ticket ticket, std::size_t check) override;
  void end(std::size_t check) override;

 private:
  io::Checks& real_;
  Decisions& decisions_;
};

class TappedConsole final : public io::Console {
 public:
  TappedConsole(io::Console& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void answer(io::CommandId command, bool accepted, std::string text) override;

 private:
  io::Console& real_;
  Decisions& decisions_;
};

class TappedTrace final : public io::Trace {
 public:
  TappedTrace(io::Trace& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void record(const io::TraceEvent& event) override;

 private:
  io::Trace& real_;
  Decisions& decisions_;
};

class TappedBackground final : public io::Background {
 public:
  TappedBackground(io::Background& real, Decisions& decisions) : real_(real), decisions_(decisions) {}
  void run(Ticket ticket, std::function<void()> work) override;

 private:
  io::Background& real_;
  Decisions& decisions_;
};

/// All ports of a node. They and `decisions` outlive the engine.
class NodeTaps {
 public:
  NodeTaps(const engine::NodePorts& real, Decisions& decisions);
  [[nodiscard]] engine::NodePorts ports() {
    return {timers_, link_, journal_, touches_, volume_, mount_, application_, checks_, console_, trace_, background_};
  }
  [[nodiscard]] const TappedLink& link() const { return link_; }

 private:
  TappedTimers timers_;
  TappedLink link_;
  TappedJournal journal_;
  TappedTouchLog touches_;
  TappedVolume volume_;
  TappedMount mount_;
  TappedApplication application_;
  TappedChecks checks_;
  TappedConsole console_;
  TappedTrace trace_;
  TappedBackground background_;
};

class WitnessTaps {
 public:
  WitnessTaps(const engine::WitnessPorts& real, Decisions& decisions);
  [[nodiscard]] engine::WitnessPorts ports() { return {link_, journal_, trace_}; }
  [[nodiscard]] const TappedLink& link() const { return link_; }

 private:
  TappedLink link_;
  TappedJournal journal_;
  TappedTrace trace_;
};

}  // namespace lockstep::recording

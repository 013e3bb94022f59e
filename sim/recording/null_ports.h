// Ports behind which there is nothing: they absorb what an engine asks for, and can say it in words.
#pragma once

#include "engine/node_engine.h"
#include "engine/witness_engine.h"

#include <functional>
#include <string>

namespace lockstep::sim {

class NullPorts final : private io::Timers,
                        private io::Link,
                        private io::Journal,
                        private io::TouchLog,
                        private io::Volume,
                        private io::Mount,
                        private io::Application,
                        private io::Checks,
                        private io::Console,
                        private io::Trace,
                        private io::Background {
 public:
  /// Gets each call in words; called only while `wanted` says so, since words take time.
  struct Listener {
    std::function<void(const std::string& call)> called;
    std::function<void(const io::TraceEvent& event)> traced;  ///< always
  };
  explicit NullPorts(Listener listener) : listener_(std::move(listener)) {}

  engine::NodePorts node() { return {*this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this}; }
  engine::WitnessPorts witness() { return {*this, *this, *this}; }

  void put_into_words(bool wanted) { wanted_ = wanted; }

 private:
  void arm(io::TimerId timer, Instant deadline) override;
  void cancel(io::TimerId timer) override;
  void send(io::Endpoint to, io::Frame frame) override;
  void reset(io::Endpoint to) override;
  void store(Ticket ticket, Buffer record) override;
  void append(Ticket ticket, Buffer records) override;
  void replace(Ticket ticket, Buffer records) override;
  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override;
  void sync(Ticket ticket, FileId file, bool data_only) override;
  void scan(Ticket ticket) override;
  void survey(Ticket ticket, const SurveyRequest& request) override;
  void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) override;
  void identify_in(Period /*period*/) override {}
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override;
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length, std::uint32_t chunk_bytes) override;
  void set_aside(Ticket ticket, FileId object, const Conflict& conflict) override;
  void open() override;
  void close() override;
  void reply(RequestId request, const io::Reply& reply) override;
  void run(Ticket ticket, io::Phase phase) override;
  void begin(std::size_t check) override;
  void run(Ticket ticket, std::size_t check) override;
  void end(std::size_t check) override;
  void answer(io::CommandId command, bool accepted, std::string text) override;
  void record(const io::TraceEvent& event) override;
  void run(Ticket ticket, std::function<void()> work) override;

  void say(const auto& words) {
    if (wanted_) listener_.called(words());
  }

  Listener listener_;
  bool wanted_ = false;
};

}  // namespace lockstep::sim

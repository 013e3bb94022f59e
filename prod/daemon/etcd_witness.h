// The third vote in an etcd: a life of the witness in this daemon, behind the link that the module's engine has to one.
#pragma once

#include "engine/settings.h"
#include "engine/witness_seat.h"
#include "io/etcd/etcd_options.h"
#include "io/etcd/etcd_record.h"
#include "io/link.h"
#include "io/report.h"
#include "io/trace.h"
#include "prod/config/configuration.h"

#include <cstdint>
#include <string>

namespace lockstep::io {
class EventLoop;
class EventQueue;
}  // namespace lockstep::io

namespace lockstep::prod {

io::EtcdOptions etcd_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module);
/// Where a module's third vote is, for the other node: two nodes with one each could both be elected. Not which servers
/// keep it, since those come and go.
std::string third_vote_text(const ClusterConfiguration& cluster, const ModuleConfiguration& module);

/// Passes on what is for the peer. Used on the loop's thread, and before the loop runs; loop, queue and the peer's link
/// outlive it.
class EtcdWitness final : public io::Link, private engine::SeatedNode {
 public:
  /// `life`: drawn at the start of the program.
  EtcdWitness(io::EventLoop& loop, io::EventQueue& queue, io::Link& peer, const engine::Settings& settings,
              io::EtcdOptions options, io::Report report, std::uint64_t life);

  /// Begins to connect.
  void start() { record_.start(); }

  void send(io::Endpoint to, io::Frame frame) override;
  void reset(io::Endpoint to) override;

 private:
  class Notes final : public io::Trace {
   public:
    explicit Notes(io::Report report) : report_(std::move(report)) {}
    void record(const io::TraceEvent& event) override;

   private:
    io::Report report_;
  };

  void witness_up() override;
  void witness_down() override;
  void witness_says(Buffer frame) override;

  io::EventQueue& queue_;
  io::Link& peer_;
  Notes notes_;
  io::EtcdRecord record_;
  engine::WitnessSeat seat_;
};

}  // namespace lockstep::prod

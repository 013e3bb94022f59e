#include "prod/daemon/etcd_witness.h"

#include "engine/wire/codec.h"
#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"

#include <utility>
#include <variant>

namespace lockstep::prod {

io::EtcdOptions etcd_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module) {
  const EtcdConfiguration& etcd = *cluster.etcd;
  io::EtcdOptions options;
  options.servers = etcd.servers;
  options.authority_file = etcd.authority;
  options.certificate_file = etcd.certificate;
  options.key_file = etcd.key;
  options.key = etcd.prefix + "/" + cluster.name + "/" + module.name;
  // A lease is asked for and granted within two calls, and has to be for something then.
  options.answer_max = module.settings.timeout / 4;
  return options;
}

std::string third_vote_text(const ClusterConfiguration& cluster, const ModuleConfiguration& module) {
  if (!cluster.has_third_vote()) return "none, and no witness";
  if (!cluster.etcd) return "none, but a witness";
  return etcd_options(cluster, module).key;
}

EtcdWitness::EtcdWitness(io::EventLoop& loop, io::EventQueue& queue, io::Link& peer, const engine::Settings& settings,
                         io::EtcdOptions options, io::Report report, std::uint64_t life)
    : queue_(queue),
      peer_(peer),
      notes_(report),
      record_(
          loop, std::move(options),
          [this](io::SharedRecordEvent event) { seat_.step(io::EventLoop::now(), std::move(event)); },
          std::move(report)),
      seat_(settings, {record_, notes_, *this}, life) {}

void EtcdWitness::send(io::Endpoint to, io::Frame frame) {
  if (to != io::Endpoint::witness) return peer_.send(to, std::move(frame));
  seat_.hear(io::EventLoop::now(), engine::frame_bytes(frame));
}

void EtcdWitness::reset(io::Endpoint to) {
  if (to != io::Endpoint::witness) return peer_.reset(to);
  seat_.give_up();
}

void EtcdWitness::witness_up() { queue_.post(io::LinkUp{io::Endpoint::witness}); }
void EtcdWitness::witness_down() { queue_.post(io::LinkDown{io::Endpoint::witness}); }
void EtcdWitness::witness_says(Buffer frame) { queue_.post(io::FrameArrived{io::Endpoint::witness, std::move(frame)}); }

void EtcdWitness::Notes::record(const io::TraceEvent& event) {
  if (const auto* note = std::get_if<io::Note>(&event)) report_(io::Severity::info, note->text);
}

}  // namespace lockstep::prod

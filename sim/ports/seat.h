// A node's life of the shared third vote: between the node's engine, which sees a link to a witness, and the cable to
// the store.
#pragma once

#include "engine/witness_seat.h"
#include "io/events.h"
#include "io/link.h"
#include "io/shared_record.h"
#include "sim/host.h"
#include "sim/ports/link.h"
#include "sim/ports/store_wire.h"
#include "sim/world/observer.h"

#include <functional>

namespace lockstep::sim {

/// The engine's link: what is for the witness goes to the seat, if there is one. One object a life.
class SimSeat final : public io::Link, private io::SharedRecord, private engine::SeatedNode {
 public:
  /// `tell`: gives the node's engine an event at once.
  SimSeat(const engine::Settings& settings, Host& host, SimLink& link, io::Trace& witness_trace, Observer& observer,
          std::uint64_t life, std::function<void(io::Event)> tell);

  /// Whether the event was for the seat.
  bool step(const io::Event& event);

  // --- the link of the node's engine ---
  void send(io::Endpoint to, io::Frame frame) override;
  void reset(io::Endpoint to) override;

 private:
  // --- the seat's ports ---
  void read() override { link_.send(io::Endpoint::witness, frame_of(StoreQuestion(ReadRecord{}))); }
  void replace(io::Revision expected, Buffer record) override {
    link_.send(io::Endpoint::witness, frame_of(StoreQuestion(ReplaceRecord{expected, std::move(record)})));
  }
  void reset() override { link_.reset(io::Endpoint::witness); }
  void witness_up() override { tell_(io::LinkUp{io::Endpoint::witness}); }
  void witness_down() override { tell_(io::LinkDown{io::Endpoint::witness}); }
  void witness_says(Buffer frame) override;

  Host& host_;
  SimLink& link_;
  Observer& observer_;
  std::function<void(io::Event)> tell_;
  engine::WitnessSeat seat_;
};

}  // namespace lockstep::sim

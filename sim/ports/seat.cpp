#include "sim/ports/seat.h"

#include "engine/wire/codec.h"
#include "sim/overloaded.h"

#include <utility>
#include <variant>

namespace lockstep::sim {

SimSeat::SimSeat(const engine::Settings& settings, Host& host, SimLink& link, io::Trace& witness_trace,
                 Observer& observer, std::uint64_t life, std::function<void(io::Event)> tell)
    : host_(host),
      link_(link),
      observer_(observer),
      tell_(std::move(tell)),
      seat_(settings, {*this, witness_trace, *this}, life) {}

bool SimSeat::step(const io::Event& event) {
  const auto from_store = [](const auto& happened) { return happened.endpoint == io::Endpoint::witness; };
  const Instant now = host_.local_now();
  if (const auto* up = std::get_if<io::LinkUp>(&event); up != nullptr && from_store(*up)) {
    seat_.step(now, io::StoreUp{});
  } else if (const auto* down = std::get_if<io::LinkDown>(&event); down != nullptr && from_store(*down)) {
    seat_.step(now, io::StoreDown{});
  } else if (const auto* arrived = std::get_if<io::FrameArrived>(&event); arrived != nullptr && from_store(*arrived)) {
    if (const auto answer = answer_in(arrived->frame)) {
      std::visit([&](const auto& said) { seat_.step(now, said); }, *answer);
    } else {
      link_.reset(io::Endpoint::witness);
    }
  } else {
    return false;
  }
  return true;
}

void SimSeat::send(io::Endpoint to, io::Frame frame) {
  if (to != io::Endpoint::witness) return link_.send(to, std::move(frame));
  seat_.hear(host_.local_now(), engine::frame_bytes(frame));
}

void SimSeat::reset(io::Endpoint to) {
  if (to != io::Endpoint::witness) return link_.reset(to);
  seat_.give_up();
}

void SimSeat::witness_says(Buffer frame) {
  io::Frame said;
  said.head.assign(frame.bytes().begin(), frame.bytes().end());
  observer_.witness_said(said);
  tell_(io::FrameArrived{io::Endpoint::witness, std::move(frame)});
}

}  // namespace lockstep::sim

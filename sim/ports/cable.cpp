#include "sim/ports/cable.h"

#include "engine/wire/codec.h"

#include <algorithm>
#include <utility>

namespace lockstep::sim {

namespace {
constexpr Time connect_pause_min = 20 * one_ms;
constexpr Time connect_pause_max = 150 * one_ms;
constexpr Time handshake_max = 5 * one_ms;
constexpr Time notice_max = 20 * one_ms;
constexpr Time half_open_max = 6 * one_second;
constexpr Time retransmit_max = 200 * one_ms;
constexpr Time cut_breaks_min = 2 * one_second;
constexpr Time cut_breaks_max = 10 * one_second;

}  // namespace

Cable::Cable(Scheduler& scheduler, Random random, End left, End right)
    : scheduler_(scheduler),
      connections_(random),
      attempts_(random.fork()),
      random_(random),
      sides_{Side{left}, Side{right}},
      damage_random_(Random(random).next() ^ 0x2545F4914F6CDD1DULL) {
  draw_for(0);
  schedule_attempt();
}

Tag Cable::direction(std::size_t side) const {
  const Place left = sides_[0].end.machine->place();
  const Wire wire = sides_[1].end.machine->place() == Place::witness ? witness_wire(node_at(left)) : Wire::peers;
  return {footprint_of(wire, side), 0};
}

void Cable::draw_for(std::uint64_t connection) {
  random_ = connections_.numbered(connection);
  for (Direction& direction : directions_) direction.random = random_.fork();
}

Time Cable::delay(Random& random) const {
  Time delay = random.between(20 * one_us, std::max(weather_.delay_max, 20 * one_us));
  if (random.one_in(weather_.tail_one_in)) delay += random.between(0, weather_.tail_max);
  return delay;
}

void Cable::schedule_attempt() {
  scheduler_.at(scheduler_.now() + attempts_.between(connect_pause_min, connect_pause_max), [this] {
    if (connection_ == 0) attempt();
    schedule_attempt();
  });
}

void Cable::attempt() {
  for (std::size_t i = 0; i < 2; ++i) {
    const Machine& machine = *sides_[i].end.machine;
    if (!machine.running() || machine.paused() || directions_[i].cut) return;
  }
  const std::uint64_t connection = connection_ = ++last_connection_;
  draw_for(connection);
  for (std::size_t i = 0; i < 2; ++i) {
    notice_down(i, sides_[i].connection, scheduler_.now());
    const Time up_at = scheduler_.now() + 1 + random_.between(0, handshake_max);
    Direction& towards = directions_[1 - i];
    towards.held.clear();
    towards.holding = false;
    towards.losing = false;
    towards.draining = 0;
    towards.sent_at = 0;
    towards.last_arrival = towards.last_delivery = up_at;
    sides_[i].end.machine->deliver(up_at, io::LinkUp{sides_[i].end.endpoint}, [this, i, connection] {
      if (connection_ != connection) return false;
      sides_[i].connection = connection;
      return true;
    });
  }
}

void Cable::send(std::size_t side, io::Frame frame) {
  const std::uint64_t connection = sides_[side].connection;
  if (connection == 0) return;
  Direction& direction = directions_[side];
  if (direction.losing) return;
  if (std::exchange(direction.damage_next, false)) flip_one_bit(frame);
  const Time sent = scheduler_.now() + transmission(direction, frame.head.size() + frame.body.size());
  direction.last_arrival = std::max(direction.last_arrival + 1, sent + delay(direction.random));
  auto arrival = [this, side, connection, frame = engine::frame_bytes(frame)]() mutable {
    arrive(side, connection, std::move(frame));
  };
  scheduler_.at(direction.last_arrival, std::move(arrival), this->direction(side));
}

Time Cable::transmission(Direction& direction, std::size_t bytes) const {
  if (weather_.bytes_per_second_max == 0) return 0;
  const Time takes = static_cast<Time>(bytes) * one_second / weather_.bytes_per_second_max;
  direction.sent_at = std::max(direction.sent_at, scheduler_.now()) + takes;
  return direction.sent_at - scheduler_.now();
}

void Cable::flip_one_bit(io::Frame& frame) {
  std::byte& byte = frame.head[random_.below(frame.head.size())];
  byte ^= std::byte{1} << static_cast<int>(random_.below(8));
}

void Cable::arrive(std::size_t from, std::uint64_t connection, Buffer frame) {
  Direction& direction = directions_[from];
  if (connection == 0 || (connection != connection_ && connection != direction.draining)) return;
  if (direction.cut || direction.holding) {
    // What is left of a broken connection is not sent again.
    if (connection == connection_) direction.held.push_back(std::move(frame));
    return;
  }
  Side& receiver = sides_[1 - from];
  direction.last_delivery = std::max(direction.last_delivery + 1, scheduler_.now());
  const bool damaged = damage(frame);
  receiver.end.machine->deliver(direction.last_delivery, io::FrameArrived{receiver.end.endpoint, std::move(frame)},
                                [this, &receiver, connection, damaged] {
                                  if (receiver.connection != connection) return false;
                                  if (damaged && damaged_) damaged_(receiver.end);
                                  return true;
                                });
}

bool Cable::damage(Buffer& frame) {
  if (weather_.damage_one_in == 0 || frame.empty() || !damage_random_.one_in(weather_.damage_one_in)) return false;
  std::vector<std::byte> bytes(frame.bytes().begin(), frame.bytes().end());
  bytes[damage_random_.below(bytes.size())] ^= static_cast<std::byte>(1U << damage_random_.below(8));
  frame = Buffer(std::move(bytes));
  return true;
}

void Cable::release(std::size_t from) {
  Direction& direction = directions_[from];
  direction.holding = false;
  for (Buffer& frame : std::exchange(direction.held, {})) arrive(from, connection_, std::move(frame));
}

void Cable::notice_down(std::size_t side, std::uint64_t connection, Time when) {
  if (connection == 0) return;
  sides_[side].end.machine->deliver(when, io::LinkDown{sides_[side].end.endpoint}, [this, side, connection] {
    if (sides_[side].connection != connection) return false;
    sides_[side].connection = 0;
    return true;
  });
}

void Cable::end_connection(Time left_notices, Time right_notices) {
  if (connection_ == 0) return;
  for (Direction& direction : directions_) {
    direction.draining = random_.chance(50) && !direction.cut && !direction.holding ? connection_ : 0;
    direction.held.clear();
    direction.holding = false;
  }
  notice_down(0, connection_, scheduler_.now() + left_notices);
  notice_down(1, connection_, scheduler_.now() + right_notices);
  connection_ = 0;
}

void Cable::break_connection() {
  std::array<Time, 2> notices{random_.between(0, notice_max), random_.between(0, notice_max)};
  if (random_.one_in(4)) random_.pick(notices) = random_.between(notice_max, half_open_max);
  end_connection(notices[0], notices[1]);
}

void Cable::reset(std::size_t side) {
  if (sides_[side].connection == connection_) {
    std::array<Time, 2> notices{random_.between(0, notice_max), random_.between(0, notice_max)};
    notices[side] = 1;
    end_connection(notices[0], notices[1]);
  } else {
    notice_down(side, sides_[side].connection, scheduler_.now() + 1);
  }
}

void Cable::process_ended(std::size_t side, bool power_lost) {
  sides_[side].connection = 0;
  // The kernel of a killed process ends its connections; a machine without power says nothing: sooner or later its
  // silence is noticed, in a steady world only by the engines.
  std::array<Time, 2> notices{0, 0};
  Time& noticed = notices[1 - side];
  if (!power_lost) {
    noticed = random_.between(0, notice_max);
  } else {
    noticed = random_.steady() ? half_open_max : random_.between(notice_max, half_open_max);
  }
  end_connection(notices[0], notices[1]);
}

void Cable::cut(std::size_t from) {
  Direction& direction = directions_[from];
  direction.cut = true;
  const std::uint64_t cuts = ++direction.cuts;
  scheduler_.at(scheduler_.now() + random_.between(cut_breaks_min, cut_breaks_max), [this, &direction, cuts] {
    if (direction.cut && direction.cuts == cuts) break_connection();
  });
}

void Cable::lose(std::size_t from, Time breaks_after) {
  directions_[from].losing = true;
  scheduler_.at(scheduler_.now() + breaks_after, [this, connection = connection_] {
    if (connection == connection_) end_connection(0, 0);
  });
}

void Cable::heal() {
  for (std::size_t i = 0; i < 2; ++i) {
    if (!directions_[i].cut) continue;
    directions_[i].cut = false;
    directions_[i].holding = true;
    scheduler_.at(scheduler_.now() + random_.between(0, retransmit_max), [this, i, connection = connection_] {
      if (directions_[i].holding && !directions_[i].cut && connection == connection_) release(i);
    });
  }
}

}  // namespace lockstep::sim

// The network between two machines: one connection at a time, as TCP would carry it.
//
// Within a connection frames arrive whole and in order, after random delays. A direction that is cut holds its
// frames back; they arrive when it is healed in time, otherwise the connection breaks. A broken connection is
// noticed by each side at its own time, by one of them perhaps much later (half open); frames in flight are lost or
// arrive until then. A new connection ends the old one at the side that had not noticed.
#pragma once

#include "io/link.h"
#include "sim/world/footprint.h"
#include "sim/world/machine.h"

#include <array>
#include <deque>
#include <functional>

namespace lockstep::sim {

/// Ranges of the network's behaviour; faults change them for a while.
struct Weather {
  Time delay_max = one_ms;
  Time tail_max = 20 * one_ms;
  std::uint64_t tail_one_in = 100;
  std::int64_t bytes_per_second_max = 0;  ///< of each direction; 0: no limit
  std::uint64_t damage_one_in = 0;        ///< of the frames has a bit flipped on the way; 0: none
};

class Cable {
 public:
  /// Each end is a machine and the name under which it knows the other.
  struct End {
    Machine* machine;
    io::Endpoint endpoint;
  };

  Cable(Scheduler& scheduler, Random random, End left, End right);

  /// `side`: 0 left, 1 right. Dropped silently while that side's link is down.
  void send(std::size_t side, io::Frame frame);
  /// The side gives the connection up.
  void reset(std::size_t side);
  /// The process at that side has ended.
  void process_ended(std::size_t side, bool power_lost);

  // Faults.
  void break_connection();
  /// Cuts what `from` sends, until heal().
  void cut(std::size_t from);
  /// Loses what `from` sends from now on, the present connection with it: that breaks after `breaks_after`.
  void lose(std::size_t from, Time breaks_after);
  /// One bit of what `from` sends next arrives flipped.
  void damage_next(std::size_t from) { directions_[from].damage_next = true; }
  void heal();
  Weather& weather() { return weather_; }

  /// `told` hears of every damaged frame right before it is delivered.
  void on_damaged(std::function<void(const End& receiver)> told) { damaged_ = std::move(told); }

  [[nodiscard]] bool is_cut(std::size_t from) const { return directions_[from].cut; }
  [[nodiscard]] bool up(std::size_t side) const { return connection(side) != 0; }
  /// The connection that this side knows to be up, in the order of their beginning; 0: none.
  [[nodiscard]] std::uint64_t connection(std::size_t side) const { return sides_[side].connection; }

 private:
  struct Side {
    End end;
    std::uint64_t connection = 0;  ///< the one it knows to be up; 0: none
  };
  struct Direction {
    bool cut = false;
    bool holding = false;  ///< frames wait for a retransmission
    bool losing = false;   ///< whatever is sent is lost, until there is a new connection
    bool damage_next = false;
    std::uint64_t cuts = 0;
    std::uint64_t draining = 0;  ///< a broken connection whose frames still arrive
    Random random{0};            ///< of the present connection's delays this way
    Time last_arrival = 0;
    Time last_delivery = 0;
    Time sent_at = 0;  ///< when the last byte of the last frame has left, if the rate is limited
    std::deque<Buffer> held;
  };

  /// Now and then flips a bit; whether it did.
  bool damage(Buffer& frame);
  /// What concerns the frames that `side` sends.
  [[nodiscard]] Tag direction(std::size_t side) const;
  void schedule_attempt();
  void attempt();
  void arrive(std::size_t from, std::uint64_t connection, Buffer frame);
  void release(std::size_t from);
  void notice_down(std::size_t side, std::uint64_t connection, Time when);
  void end_connection(Time left_notices, Time right_notices);
  [[nodiscard]] Time delay(Random& random) const;
  /// Every connection has numbers of its own, and each direction of it.
  void draw_for(std::uint64_t connection);
  /// How long it takes until the last byte of a frame that is sent now has left.
  [[nodiscard]] Time transmission(Direction& direction, std::size_t bytes) const;
  void flip_one_bit(io::Frame& frame);

  Scheduler& scheduler_;
  const Random connections_;
  Random attempts_;
  Random random_;  ///< of how the present connection begins, is cut and ends
  std::array<Side, 2> sides_;
  std::array<Direction, 2> directions_;
  Weather weather_;
  Random damage_random_;  ///< of its own, so that undamaged frames take the same time as ever
  std::function<void(const End& receiver)> damaged_;
  std::uint64_t connection_ = 0;  ///< the one that carries frames; 0: none
  std::uint64_t last_connection_ = 0;
};

}  // namespace lockstep::sim

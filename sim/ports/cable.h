// The network between two machines: one connection at a time, as TCP would carry it.
//
// Within a connection frames arrive whole and in order, after random delays. A direction that is cut holds its
// frames back; they arrive when it is healed in time, otherwise the connection breaks. A broken connection is
// noticed by each side at its own time, by one of them perhaps much later (half open); frames in flight are lost or
// arrive until then. A new connection ends the old one at the side that had not noticed.
#pragma once

#include "io/link.h"
#include "sim/world/machine.h"

#include <array>
#include <deque>

namespace lockstep::sim {

/// Ranges of the network's behaviour; faults change them for a while.
struct Weather {
  Time delay_max = one_ms;
  Time tail_max = 20 * one_ms;
  std::uint64_t tail_one_in = 100;
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
  void heal();
  Weather& weather() { return weather_; }

  [[nodiscard]] bool is_cut(std::size_t from) const { return directions_[from].cut; }
  [[nodiscard]] bool up(std::size_t side) const { return sides_[side].connection != 0; }

 private:
  struct Side {
    End end;
    std::uint64_t connection = 0;  ///< the one it knows to be up; 0: none
  };
  struct Direction {
    bool cut = false;
    bool holding = false;  ///< frames wait for a retransmission
    std::uint64_t cuts = 0;
    std::uint64_t draining = 0;  ///< a broken connection whose frames still arrive
    Time last_arrival = 0;
    Time last_delivery = 0;
    std::deque<Buffer> held;
  };

  void schedule_attempt();
  void attempt();
  void arrive(std::size_t from, std::uint64_t connection, Buffer frame);
  void release(std::size_t from);
  void notice_down(std::size_t side, std::uint64_t connection, Time when);
  void end_connection(Time left_notices, Time right_notices);
  [[nodiscard]] Time delay();

  Scheduler& scheduler_;
  Random random_;
  std::array<Side, 2> sides_;
  std::array<Direction, 2> directions_;
  Weather weather_;
  std::uint64_t connection_ = 0;  ///< the one that carries frames; 0: none
  std::uint64_t last_connection_ = 0;
};

}  // namespace lockstep::sim

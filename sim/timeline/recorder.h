// Watches a run and keeps what a timeline shows of it.
#pragma once

#include "sim/timeline/record.h"
#include "sim/world/world.h"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string_view>

namespace lockstep::sim::timeline {

class Recorder : public Observer {
 public:
  /// Takes part in the world from before its first start to its end.
  explicit Recorder(World& world);

  /// What was seen, when the run is over; once. The world may be gone.
  Record finish(Time end);

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void frame_sent(Place from, io::Endpoint to, const io::Frame& frame) override;
  void faulted(const Fault& fault) override;
  void healed() override;
  void started(Place place) override;
  void stopped(Place place, bool power_lost) override;
  void at_rest() override;
  void disk_exchanged(Place place) override;

 private:
  /// One direction of one cable.
  using Direction = std::size_t;
  struct OnTheWay {
    std::uint64_t connection;
    std::size_t message;  ///< in record_.messages
  };

  [[nodiscard]] Time now() const { return world_.now(); }
  void arrived(Place to, io::Endpoint from);
  /// `to` begins a connection, or learns of the end of the one it knows.
  void connection_begins(Place to, io::Endpoint from);
  void connection_ends(Place to, io::Endpoint from);
  /// What was sent in connections up to this one and has not arrived never will.
  void lose(Direction direction, std::uint64_t up_to);
  void enter(Place place, std::string_view state, std::string_view why);
  void begin(Place place, std::string_view kind, std::string text);
  void end(Place place, std::string_view kind);
  void note(Place place, std::string_view kind, std::string text);
  void hold_lease(Place place, const io::LeaseHeld& lease);
  void decided(Place place, const Configuration& configuration);

  World& world_;
  Record record_;
  std::array<std::size_t, 3> band_{};  ///< the present one of each machine, in record_.bands
  std::map<std::pair<Place, std::string_view>, std::size_t> open_;  ///< spans without an end, in record_.spans
  std::array<std::deque<OnTheWay>, 6> on_the_way_;                  ///< by direction, in the order of sending
  std::array<std::uint64_t, 6> connection_{};                       ///< by direction: the last that the receiver knew
};

}  // namespace lockstep::sim::timeline
